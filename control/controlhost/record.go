package controlhost

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/control"
	"github.com/go-hotplug/hotplug/host"
)

const (
	keptLines  = 1000    // of the log, for each plugin and for the host itself
	keptBytes  = 1 << 20 // of those lines
	keptEvents = 100
)

// A Recorder keeps the latest lines of a host's log and its latest events, in memory. It may be used concurrently.
type Recorder struct {
	lines  *journal[control.Line]
	events *journal[control.Event]
}

// Record makes a configuration keep what the host logs and what becomes of its plugins, besides what its Logger and its Hooks.Event do. It keeps what is logged at
// level info and above, or at the Logger's level if that is lower. Call it once, before host.Open.
func Record(c *host.Config) *Recorder {
	r := &Recorder{
		lines:  newJournal(keptLines, keptBytes, sizeOf),
		events: newJournal(keptEvents, keptBytes, func(e control.Event) int { return len(e.Reason) + len(e.Error) }),
	}
	if c.Logger == nil {
		c.Logger = hclog.Default()
	}
	level := hclog.Info
	if l := c.Logger.GetLevel(); l != hclog.NoLevel {
		level = min(level, l)
	}
	c.Logger = recording{c.Logger, level, r.lines}
	before := c.Hooks.Event
	c.Hooks.Event = func(e host.Event) {
		r.events.add("", eventOf(e))
		if before != nil {
			before(e)
		}
	}
	return r
}

// close ends the streams of those who follow.
func (r *Recorder) close() {
	r.lines.close()
	r.events.close()
}

func eventOf(e host.Event) control.Event {
	out := control.Event{Time: e.Time, Plugin: e.Plugin, Version: e.Version, Generation: e.Generation, PID: e.PID, From: string(e.From), To: string(e.To), Reason: e.Reason}
	if e.Err != nil {
		out.Error = e.Err.Error()
	}
	return out
}

// recording is a logger whose lines are kept.
type recording struct {
	hclog.Logger
	level hclog.Level // the lowest that is kept
	lines *journal[control.Line]
}

func (r recording) Log(level hclog.Level, msg string, args ...any) {
	if level >= r.level && level < hclog.Off {
		line := lineOf(level, msg, slices.Concat(r.ImpliedArgs(), args))
		r.lines.add(line.Plugin, line)
	}
	r.Logger.Log(level, msg, args...)
}

func (r recording) Trace(msg string, args ...any) { r.Log(hclog.Trace, msg, args...) }
func (r recording) Debug(msg string, args ...any) { r.Log(hclog.Debug, msg, args...) }
func (r recording) Info(msg string, args ...any)  { r.Log(hclog.Info, msg, args...) }
func (r recording) Warn(msg string, args ...any)  { r.Log(hclog.Warn, msg, args...) }
func (r recording) Error(msg string, args ...any) { r.Log(hclog.Error, msg, args...) }

func (r recording) With(args ...any) hclog.Logger {
	return recording{r.Logger.With(args...), r.level, r.lines}
}

func (r recording) Named(name string) hclog.Logger {
	return recording{r.Logger.Named(name), r.level, r.lines}
}

func (r recording) ResetNamed(name string) hclog.Logger {
	return recording{r.Logger.ResetNamed(name), r.level, r.lines}
}

// pluginKey is the key of the plugin's name in the host's log. The host says it first: a plugin that logs the same key changes nothing.
const pluginKey = "plugin"

func lineOf(level hclog.Level, msg string, args []any) control.Line {
	line := control.Line{Time: time.Now(), Level: level.String(), Message: msg}
	for i := 0; i+1 < len(args); i += 2 {
		key, value := fmt.Sprint(args[i]), valueOf(args[i+1])
		if key == pluginKey && line.Plugin == "" {
			line.Plugin = value
			continue
		}
		line.Fields = append(line.Fields, control.Field{Key: key, Value: value})
	}
	if len(args)%2 == 1 {
		line.Fields = append(line.Fields, control.Field{Key: hclog.MissingKey, Value: valueOf(args[len(args)-1])})
	}
	return line
}

func valueOf(v any) string {
	if f, ok := v.(hclog.Format); ok && len(f) > 0 {
		return fmt.Sprintf(fmt.Sprint(f[0]), f[1:]...)
	}
	return strings.TrimRight(fmt.Sprint(v), "\n")
}

// sizeOf is about what a line takes.
func sizeOf(l control.Line) int {
	n := len(l.Message)
	for _, f := range l.Fields {
		n += len(f.Key) + len(f.Value)
	}
	return n
}
