package conformance

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// A Case is one conversation.
type Case struct {
	Name    string   // theme and file: "calls/unknown-message"
	Title   string   // what holds, as a sentence
	Section string   // of docs/protocol.md, which says so
	Needs   []string // messages that the plugin must handle; "$call" and "$notice" stand for any of that kind
	Only    string   // class name of a serializer; empty: all
	Start   startup
	Split   bool // what the host writes arrives byte by byte
	Steps   []Step
}

// startup is what the process is started with, where that is not the usual.
type startup struct {
	Mode        string      // "" as a host does, "by-hand" without start-up data, "describe" with HOTPLUG_DESCRIBE=1
	Data        string      // start-up data as it is, instead of what follows
	Serializer  string      // class name
	Listen      bool        // the plugin has to listen on the socket itself
	HostConnect int64       // milliseconds
	Handshake   int64       // milliseconds
	Limits      wire.Limits // 0: the default
}

// A Step is one line of a case: what is said, by whom, and what stands behind it.
type Step struct {
	Line int
	Peer string // the connection: "a", or "b"
	Verb string
	Rest string
}

func (s Step) String() string { return fmt.Sprintf("line %d, %s %s", s.Line, s.Verb, s.Rest) }

//go:embed cases
var files embed.FS

// themes are the folders of the cases, in the order of a plugin's life.
var themes = []string{"start", "handshake", "calls", "streams", "notices", "frames", "leaving"}

// Cases returns all cases in order.
func Cases() ([]Case, error) {
	var all []Case
	for _, theme := range themes {
		entries, err := files.ReadDir(path.Join("cases", theme))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			text, err := files.ReadFile(path.Join("cases", theme, e.Name()))
			if err != nil {
				return nil, err
			}
			c, err := Parse(path.Join(theme, strings.TrimSuffix(e.Name(), ".txt")), string(text))
			if err != nil {
				return nil, err
			}
			all = append(all, c)
		}
	}
	return all, nil
}

// Parse reads a case: lines "key: value", an empty line, and one step per line. A line that begins with # is a comment. The keys are title,
// section, needs, only, split, and those of the start-up: start, data, serializer, listen, hostConnect, handshake, limits.
//
// The steps. Where a second connection talks, "b" stands before the verb:
//
//	dial                 connect; the first connection is made before the process starts
//	hello {...}          send the host's line, with these fields changed; null removes one
//	accepted             read the plugin's line, and check it
//	states FEATURE       that line states the feature; "states no FEATURE" is the opposite. Else the case is not about this plugin
//	refused CODE         read a refusal with this code, and then the end
//	> {...}              send a frame, as JsonSerializer has it; it is encoded by the serializer that is tested
//	raw "..."            send these bytes; "hex:..." gives them in hexadecimal
//	< {...}              the next frame is like this
//	<? {...}             the same, for a group of such lines in any order
//	acked N              N notices have been acknowledged with credit, all in all
//	told N               N notices arrive, and then nothing for a fifth of a second; fewer if it keeps a smaller window. $told is how many
//	takes N              N notices have arrived since the beginning; those that come now are acknowledged one by one
//	notify N {...}       send N notices like this, numbered, and wait for acknowledgements where the window is full
//	flood N {...}        the same, without waiting
//	gets N..M {...}      frames like this, in which $n is N and so on to M
//	until {...}          a frame like this; items and progress before it are skipped
//	reports N {...}      progress in order, which need not be complete but ends with done = total = N, and a frame like this behind it
//	upload N..M {...}    send frames like this, in which $n is N and so on to M, each as soon as the plugin gives credit for it
//	spend N {...}        the same from 1 on, until the plugin has given no credit for a fifth of a second; N are too many
//	open                 the connection answers a ping
//	pinged               the plugin has sent a ping
//	silent               nothing arrives for a fifth of a second
//	end                  the plugin closes the connection; a goodbye may come before
//	close                the host closes the connection
//	signal               SIGTERM
//	cut                  the host is gone: its end of the lifeline closes
//	exit CODE            the process ends with this code; "exit any" with any
//	gone                 the process has ended within a second
//	stderr TEXT          what it wrote to stderr has this text
//	describes            what it wrote to stdout is a description
//
// In frames "*" is anything that is there, "?" anything or nothing; an object with a key "..." may have more keys. "$name" is filled in: token,
// wrong, call, notice, told, wide (a name of 20,000 bytes), long (a text of 100,000), n, owed (how many bytes more than its credit the item that
// was heard last has taken), or what an earlier frame had in its place. "$fill:N" makes a text of such a length that its frame has N bytes.
// Between the steps the runner answers pings, refuses calls of the plugin and acknowledges its notices, unless their names begin
// with "conformance.", and counts the credit that the plugin gives for items. Any case fails with a notice beyond the window, an item without
// credit, and a frame of a call that was answered or has no such stream.
func Parse(name, text string) (Case, error) {
	c := Case{Name: name}
	head := true
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		var err error
		switch {
		case strings.HasPrefix(line, "#"):
		case line == "":
			head = head && c.Title == ""
		case head:
			key, value, _ := strings.Cut(line, ":")
			err = c.set(key, strings.TrimSpace(value))
		default:
			err = c.step(i+1, line)
		}
		if err != nil {
			return c, fmt.Errorf("case %s, line %d: %w", name, i+1, err)
		}
	}
	if c.Title == "" || c.Section == "" || len(c.Steps) == 0 {
		return c, fmt.Errorf("case %s: title, section and steps are required", name)
	}
	return c, nil
}

func (c *Case) set(key, value string) (err error) {
	switch key {
	case "title":
		c.Title = value
	case "section":
		c.Section = value
	case "needs":
		c.Needs = strings.Fields(value)
	case "only":
		c.Only = value
	case "split":
		c.Split, err = strconv.ParseBool(value)
	case "start":
		c.Start.Mode = value
	case "data":
		c.Start.Data = value
	case "serializer":
		c.Start.Serializer = value
	case "listen":
		c.Start.Listen, err = strconv.ParseBool(value)
	case "hostConnect":
		c.Start.HostConnect, err = strconv.ParseInt(value, 10, 64)
	case "handshake":
		c.Start.Handshake, err = strconv.ParseInt(value, 10, 64)
	case "limits":
		d := json.NewDecoder(strings.NewReader(value))
		d.DisallowUnknownFields()
		err = d.Decode(&c.Start.Limits)
	default:
		return fmt.Errorf("unknown key %q", key)
	}
	return err
}

func (c *Case) step(number int, line string) error {
	s := Step{Line: number, Peer: "a"}
	s.Verb, s.Rest, _ = strings.Cut(line, " ")
	if s.Verb == "b" {
		s.Peer = s.Verb
		s.Verb, s.Rest, _ = strings.Cut(s.Rest, " ")
	}
	if verbs[s.Verb] == nil {
		return fmt.Errorf("unknown step %q", s.Verb)
	}
	s.Rest = strings.TrimSpace(s.Rest)
	c.Steps = append(c.Steps, s)
	return nil
}

// dialsItself says that the connection is made before the process starts, as a host does.
func (c *Case) dialsItself() bool {
	return c.Start.Mode == "" && c.Start.Data == "" && c.Start.HostConnect == 0 &&
		!slices.ContainsFunc(c.Steps, func(s Step) bool { return s.Verb == "dial" && s.Peer == "a" })
}

// The limits on waiting.
const (
	startTime  = 10 * time.Second // until the first answer of a process
	stepTime   = 5 * time.Second  // for each further step
	goneTime   = time.Second      // what the protocol promises
	silentTime = 200 * time.Millisecond
	splitPause = time.Millisecond // between two bytes
)
