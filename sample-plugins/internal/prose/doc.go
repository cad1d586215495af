// Package prose reads what stands in a parsed Markdown document: text for people, titles and ids of headings.
//
//	ids := parser.WithContext(parser.NewContext(parser.WithIDs(&prose.Slugs{})))
//	root := goldmark.New(goldmark.WithParserOptions(parser.WithAutoHeadingID())).Parser().Parse(text.NewReader(source), ids)
//	words := prose.Text(root, source)
//
// The samples that read Markdown share it, so that an id which one of them makes is an id in the page that another one makes.
package prose
