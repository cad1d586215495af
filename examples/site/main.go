package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program: its arguments, its two outputs, and its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "site:", err)
		return 2
	}
	switch o.command {
	case commandServe:
		return serve(ctx, o, stdout, stderr)
	case commandRehearse:
		return rehearse(ctx, o, stdout, stderr)
	}
	r, err := build(ctx, o, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "site:", err)
		if o.demo {
			fmt.Fprintln(stdout, "demo: failed, no site was written, see above")
		}
		return 1
	}
	r.print(stdout)
	if o.demo {
		fmt.Fprintln(stdout, r.verdict())
	}
	if len(r.failed) > 0 || o.demo && !r.ok() {
		return 1
	}
	return 0
}
