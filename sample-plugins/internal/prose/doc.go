// Package prose reads Markdown documents that are not trusted: what is understood, what is refused because it would cost too
// much, and the text in it that is for people.
//
//	md := goldmark.New(prose.Options()...)
//	if err := prose.Check(name, source); err != nil {
//		return err // rpc.Invalid
//	}
//	root := prose.Parse(md.Parser(), []byte(source), nil)
//	words := strings.Fields(prose.Text(root, []byte(source)))
//
// The samples that read Markdown share it, so that the id which one of them tells is the id in the page that another one makes.
package prose
