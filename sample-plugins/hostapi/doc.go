// Package hostapi is the contract of a site: what the application that hosts the plugins answers for them.
//
// The host passes handlers for it to host.Open, and a plugin calls it through rpc.Caller:
//
//	readAsset := hostapi.ReadAsset.Handle(func(ctx context.Context, req hostapi.AssetRequest) (hostapi.Asset, error) {
//		data, err := fs.ReadFile(site, req.Path)
//		if err != nil {
//			return hostapi.Asset{}, rpc.Errorf(rpc.NotFound, "read %s: %w", req.Path, err)
//		}
//		return hostapi.Asset{MediaType: "image/png", Size: int64(len(data)), Data: data}, nil
//	})
//
// Paths begin at the site's root and never leave it. A host must check that all the same: a plugin is not trusted.
package hostapi
