// Package thumbnailapi is the contract of plugins that make small pictures of large ones.
//
//	small, err := thumbnailapi.Upload.Call(ctx, peer, thumbnailapi.Chunks(thumbnailapi.Request{Data: data, Width: 640}))
//	if err != nil {
//		return err
//	}
//	os.WriteFile("small"+small.Extension, small.Data, 0o644)
//
// The picture is not trusted: its size is read before it is decoded, so a small file cannot claim much memory.
package thumbnailapi
