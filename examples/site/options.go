package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// options are what the command line says.
type options struct {
	command  string // commandBuild, commandServe or commandRehearse
	plugins  string // folder
	out      string // folder, absolute
	state    string // folder of the host's store; empty: the user's cache
	title    string
	modcache bool
	demo     bool
	verbose  bool
	jobs     int           // pages rendered at once
	timeout  time.Duration // for one page
	port     int           // of serve; 0: any
	other    string        // for rehearse: a markdown plugin with another look
	faulty   string        // likewise: one that crashes at its first call
	sources  []string
}

// The commands.
const (
	commandBuild    = "build"
	commandServe    = "serve"
	commandRehearse = "rehearse"
)

const usage = `usage: site build [flags] SOURCE...
       site serve [flags] SOURCE...
       site rehearse -other FILE -faulty FILE [flags] SOURCE...

build writes the site. serve shows it on 127.0.0.1, and anew whenever a source or a plugin changes. rehearse serves it, too, to readers of
its own, and meanwhile replaces the plugin markdown by better and by broken ones.

Each SOURCE is a folder with Markdown, or a Markdown file. Flags:
`

// parse reads the command line. Its errors say how to go on.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("site", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	flags.StringVar(&o.plugins, "plugins", "plugins", "`folder` with the plugins: markdown, and any of highlight, linkcheck, outline, thumbnail, wordcount")
	flags.StringVar(&o.out, "out", filepath.Join("build", "site"), "`folder` of the finished site; a site in it is replaced")
	flags.StringVar(&o.state, "state", "", "`folder` where the host keeps copies of what it runs (default the user's cache)")
	flags.StringVar(&o.title, "title", "Documentation", "`title` of the site")
	flags.BoolVar(&o.modcache, "modcache", false, "also every README and CHANGELOG of the Go modules that the module or workspace here depends on")
	flags.BoolVar(&o.demo, "demo", false, "end with one line that says whether everything went well; a failed call makes it exit 1")
	flags.BoolVar(&o.verbose, "v", false, "show what the host and the plugins log")
	flags.IntVar(&o.port, "port", 0, "`port` of serve on 127.0.0.1; 0 is any that is free")
	flags.StringVar(&o.other, "other", "", "for rehearse: `file` of a markdown plugin with another look")
	flags.StringVar(&o.faulty, "faulty", "", "for rehearse: `file` of a markdown plugin that crashes at its first call")
	flags.IntVar(&o.jobs, "jobs", 2*runtime.GOMAXPROCS(0), "`pages` to render at once")
	flags.DurationVar(&o.timeout, "timeout", time.Minute, "most `time` for one page, and for a picture")
	if len(args) == 0 || !slices.Contains([]string{commandBuild, commandServe, commandRehearse}, args[0]) {
		flags.Usage()
		if len(args) > 0 && (args[0] == "-h" || args[0] == "-help" || args[0] == "--help" || args[0] == "help") {
			return o, flag.ErrHelp
		}
		return o, errors.New(`the first argument is the command: "build", "serve" or "rehearse"`)
	}
	o.command = args[0]
	if err := flags.Parse(args[1:]); err != nil {
		return o, err
	}
	return o.complete(flags.Args())
}

// complete checks what the flags said.
func (o options) complete(sources []string) (options, error) {
	if len(sources) == 0 && !o.modcache {
		return o, errors.New("no SOURCE: name a folder with Markdown, or take -modcache")
	}
	if o.command == commandRehearse && (o.other == "" || o.faulty == "") {
		return o, errors.New("rehearse takes -other and -faulty: make demo builds both")
	}
	if o.jobs < 1 {
		return o, fmt.Errorf("-jobs is %d: at least one page has to be rendered at a time", o.jobs)
	}
	o.sources = sources
	out, err := filepath.Abs(o.out)
	o.out = out
	return o, err
}
