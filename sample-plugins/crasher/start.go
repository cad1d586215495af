package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/go-hotplug/hotplug/sample-plugins/crasher/crasherapi"
)

// Exit codes for what is wrong with the wishes themselves, after sysexits(3).
const (
	exitUsage    = 64 // an environment variable makes no sense
	exitSoftware = 70 // a wish cannot be fulfilled here
)

// wishes are what the environment asks for.
type wishes struct {
	start  crasherapi.Start
	code   int
	forMS  int64
	stderr string
}

// environment reads the wishes; they are empty once this start is past EnvTimes.
func environment() wishes {
	w := wishes{
		start:  crasherapi.Start(os.Getenv(crasherapi.EnvStart)),
		code:   int(number(crasherapi.EnvCode, 1)),
		forMS:  number(crasherapi.EnvForMS, 0),
		stderr: os.Getenv(crasherapi.EnvStderr),
	}
	times, counter := number(crasherapi.EnvTimes, 0), os.Getenv(crasherapi.EnvCounter)
	if counter != "" && countStart(counter) > times {
		return wishes{}
	}
	return w
}

func number(variable string, otherwise int64) int64 {
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		giveUp(exitUsage, "%s: found %q, want a number", variable, text)
	}
	return n
}

// countStart adds one byte to a file and returns its size.
func countStart(path string) int64 {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		giveUp(exitSoftware, "count this start: %v", err)
	}
	defer file.Close()
	_, err = file.WriteString(".")
	info, statErr := file.Stat()
	if err != nil || statErr != nil {
		giveUp(exitSoftware, "count this start in %s: %v, %v", path, err, statErr)
	}
	return info.Size()
}

func giveUp(code int, format string, args ...any) {
	fmt.Fprintf(os.Stderr, "crasher: "+format+"\n", args...)
	os.Exit(code)
}

// misbehave does what is asked for. It returns if the plugin is to serve after it.
func misbehave(w wishes) {
	say(os.Stderr, w.stderr)
	switch w.start {
	case "":
	case crasherapi.StartExit:
		os.Exit(w.code)
	case crasherapi.StartPanic:
		panic("asked to panic at start")
	case crasherapi.StartHang:
		pause(0)
	case crasherapi.StartIgnoreSignals:
		ignoreAll() // until Run undoes it, and again once it serves
	case crasherapi.StartDelay:
		pause(max(w.forMS, 1))
	case crasherapi.StartCloseListener:
		inherited().listener.Close()
		pause(0)
	default:
		talk, known := talks[w.start]
		if !known {
			giveUp(exitUsage, "%s: found %q, want one of %q", crasherapi.EnvStart, w.start, crasherapi.Starts)
		}
		talkTo(inherited(), talk)
	}
}
