// Newcomer follows a document up to its first section, from an empty folder and with empty caches, and prints a page with each command and
// how long all of them took. It types what the document says, and compares what is printed.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-hotplug/hotplug/internal/document"
	"github.com/go-hotplug/hotplug/internal/newcomer"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: newcomer DOCUMENT.md, in the root of a checkout")
		os.Exit(64)
	}
	if err := run(context.Background(), os.Stdout, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "newcomer:", err)
		os.Exit(1)
	}
}

// A typed command is one that was typed, and how long it took.
type typed struct {
	command string
	took    time.Duration
}

func run(ctx context.Context, w io.Writer, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "newcomer-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	root, err := filepath.Abs(".")
	if err != nil {
		return err
	}
	n, err := newcomer.New(dir, root, filepath.Join(dir, "build"))
	if err != nil {
		return err
	}
	script := document.Script(document.Opening(string(text)))
	all, err := follow(ctx, n, file, script)
	if err != nil {
		return err
	}
	return report(w, all, len(script)-len(all))
}

// follow does all steps and tells of each command on stderr.
func follow(ctx context.Context, n *newcomer.Newcomer, file string, script []document.Step) ([]typed, error) {
	var all []typed
	for _, s := range script {
		begin := time.Now()
		said, err := n.Do(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, s.Line, err)
		}
		if s.Command != "" {
			fmt.Fprintf(os.Stderr, "$ %s\n%s", s.Command, said)
			all = append(all, typed{s.Command, time.Since(begin)})
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no command before its first section: want a block fenced as console, with lines such as $ go build", file)
	}
	return all, nil
}

// report prints what was typed as an indented block.
func report(w io.Writer, all []typed, files int) error {
	var sum time.Duration
	var b strings.Builder
	for _, t := range all {
		sum += t.took
		fmt.Fprintf(&b, "    %6.1f s  %s\n", t.took.Seconds(), t.command)
	}
	fmt.Fprintf(&b, "    %6.1f s  in all, for %d commands and %d files to write by hand\n", sum.Seconds(), len(all), files)
	_, err := io.WriteString(w, b.String())
	return err
}
