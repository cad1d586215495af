// Package outlineapi is the contract of plugins that find the headings of a document.
//
//	for heading, err := range outlineapi.Headings.Open(ctx, peer, outlineapi.Request{Name: "guide/start.md", Source: source}) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(heading.Level, heading.Text)
//	}
//
// A heading's ID is the id of its heading in the page that the sample plugin markdown makes, and on most forges.
package outlineapi
