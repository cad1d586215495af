// Printed writes into a Markdown file what commands print: behind each line "<!-- prints: COMMAND -->" stands a block of text, which it replaces.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"text/tabwriter"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: printed FILE.md")
		os.Exit(64)
	}
	if err := rewrite(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "printed:", err)
		os.Exit(1)
	}
}

var block = regexp.MustCompile("(?s)<!-- prints: ([^\n]*) -->\n\n```text\n.*?```\n")

// rewrite runs all commands first: the file changes only if every one of them succeeds.
func rewrite(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var failed error
	out := block.ReplaceAllFunc(text, func(old []byte) []byte {
		command := string(block.FindSubmatch(old)[1])
		said, err := run(command)
		if err != nil && failed == nil {
			failed = fmt.Errorf("%s: %w\n%s", command, err, said)
		}
		return fmt.Appendf(nil, "<!-- prints: %s -->\n\n```text\n%s```\n", command, said)
	})
	if failed != nil {
		return failed
	}
	if !block.Match(text) {
		return fmt.Errorf("%s: no block to replace: want <!-- prints: COMMAND -->, an empty line and a block of text", file)
	}
	return os.WriteFile(file, out, 0o644)
}

// run returns what a command prints, its columns aligned.
func run(command string) (string, error) {
	words := strings.Fields(command)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stderr = os.Stderr
	said, err := cmd.Output()
	var aligned bytes.Buffer
	w := tabwriter.NewWriter(&aligned, 0, 1, 2, ' ', 0)
	if _, werr := w.Write(said); err == nil {
		err = werr
	}
	if ferr := w.Flush(); err == nil {
		err = ferr
	}
	return aligned.String(), err
}
