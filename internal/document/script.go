package document

import (
	"regexp"
	"slices"
	"strings"
)

// A Step is one thing that a document asks a reader to do: to write a file or to type a command.
type Step struct {
	Line int // of the document, from 1

	Path, Content string // a file, relative to the folder where the commands before it have led, with slashes
	Block         Block  // of the file

	Command string // of the shell
	Want    string // what it prints on stdout
}

// Script is what a document asks a reader to do, in order.
func Script(text string) []Step {
	var out []Step
	lines := Prose(text)
	for _, b := range Blocks(text, "") {
		if b.Language == "console" {
			out = append(out, commands(b)...)
		} else if path := pathOf(b, lines[:b.Line-1]); path != "" {
			out = append(out, Step{Line: b.Line, Path: path, Content: b.Text, Block: b})
		}
	}
	return out
}

// pathOf is the file that a block is, if it or the text above it names one.
func pathOf(b Block, above []string) string {
	switch {
	case b.Language == "go" && b.IsFile():
		return b.Path()
	case b.Language == "json" && strings.Contains(b.Text, `"manifest":`):
		return manifestPath(above)
	}
	return ""
}

// Stages are the files of a document, those without a path included, as they are whenever one is about to be replaced, and at the end.
func Stages(text string) [][]Step {
	var out [][]Step
	var now []Step
	lines := Prose(text)
	for _, b := range Blocks(text, "") {
		path := pathOf(b, lines[:b.Line-1])
		if b.Language == "go" && b.IsFile() {
			path = b.Place()
		}
		if path == "" {
			continue
		}
		step := Step{Line: b.Line, Path: path, Content: b.Text, Block: b}
		if i := slices.IndexFunc(now, func(s Step) bool { return s.Path == path }); i >= 0 {
			out = append(out, slices.Clone(now))
			now[i] = step
			continue
		}
		now = append(now, step)
	}
	return append(out, now)
}

// Opening is a document up to its first section.
func Opening(text string) string {
	before, _, _ := strings.Cut(text, "\n## ")
	return before
}

// commands are those of a console block. What stands before the first one belongs to nothing.
func commands(b Block) []Step {
	var out []Step
	for i, line := range strings.Split(b.Text, "\n") {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			out = append(out, Step{Line: b.Line + i, Command: command})
		} else if len(out) > 0 {
			out[len(out)-1].Want += line + "\n"
		}
	}
	return out
}

var manifestName = regexp.MustCompile("`([\\w./-]+/plugin\\.json)`")

// manifestPath is the last manifest that the text above a block names.
func manifestPath(above []string) string {
	all := manifestName.FindAllStringSubmatch(strings.Join(above, "\n"), -1)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1][1]
}
