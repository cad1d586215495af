// Package document reads what a Markdown document asks a reader to do: the files to write and the commands to type, in order, with what
// the commands print. Tests and tools follow documents with it, so that no copy of a document's text is kept anywhere.
//
//	for _, step := range document.Script(text) {
//		if step.Command != "" {
//			fmt.Println(step.Command) // and step.Want is what it prints
//		} else {
//			fmt.Println(step.Path) // and step.Content is what belongs into the file
//		}
//	}
//
// Commands stand in blocks that are fenced as console, each on a line behind "$ ", with what it prints on stdout below. In that, a line
// "..." stands for any number of lines; how long something took, and how wide columns are, does not count. A file is a block of Go whose
// first line is a comment with a path, or a block of JSON with a manifest, whose path is the last one in the text above it that ends in
// plugin.json.
//
// Nothing in this package runs anything; it is safe for concurrent use.
package document
