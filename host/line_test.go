package host_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/proc/proctest"
	"github.com/go-hotplug/hotplug/internal/wire"
)

func TestALineOfOutputKeepsItsLevelAndLosesNothing(t *testing.T) {
	for line, want := range map[string]string{
		`{"@level":"trace","@message":"m","@timestamp":"now"}`:                "TRACE m []",
		`{"@level":"debug","@message":"m"}`:                                   "DEBUG m []",
		`{"@level":"info","@message":"m","@module":"x"}`:                      "INFO m [module x]",
		`{"@level":"warn","@message":"m","b":"2","a":"1"}`:                    "WARN m [a 1 b 2]",
		`{"@level":"error","@message":""}`:                                    "ERROR  []",
		`{"@level":"info","@message":"m","n":12345678901234567890,"f":1e300}`: "INFO m [f 1e300 n 12345678901234567890]",
		`{"@level":"info","@message":"m","o":{"k": [1,null]},"t":true}`:       `INFO m [o {"k": [1,null]} t true]`,
		`{"@level":"off","@message":"m"}`:                                     `INFO {"@level":"off","@message":"m"} []`,
		`{"@level":"loud","@message":"m"}`:                                    `INFO {"@level":"loud","@message":"m"} []`,
		`{"@level":3,"@message":"m"}`:                                         `INFO {"@level":3,"@message":"m"} []`,
		`{"@level":"info","@message":7}`:                                      `INFO {"@level":"info","@message":7} []`,
		`{"@message":"m"}`:                                                    `INFO {"@message":"m"} []`,
		`{"@level":"info","@message":"m"} and more`:                           `INFO {"@level":"info","@message":"m"} and more []`,
		`{`:                  `INFO { []`,
		`null`:               `INFO null []`,
		`[WARN] low on disk`: "WARN low on disk []",
		`[ERROR]x`:           "ERROR x []",
		`[info]`:             "INFO  []",
		`[OFF] not a level`:  "INFO [OFF] not a level []",
		`[main.go:12] x`:     "INFO [main.go:12] x []",
		`[WARN low`:          "INFO [WARN low []",
		"a\x00b":             "INFO a\x00b []",
		"plain text":         "INFO plain text []",
	} {
		level, message, args := host.ParseLine(line)
		if got := fmt.Sprint(strings.ToUpper(level.String()), " ", message, " ", args); got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	for _, s := range []string{`{"@level":"info","@message":"m","n":1}`, "[WARN] x", "text", "{}", "[]", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		level, message, args := host.ParseLine(line)
		if level < hclog.Trace || level > hclog.Error || len(args)%2 != 0 {
			t.Fatalf("level %v, args %v", level, args)
		}
		if !strings.HasPrefix(line, "{") && !strings.Contains(line, strings.TrimSpace(message)) {
			t.Fatalf("%q became %q", line, message)
		}
	})
}

// journal is what a host logged.
type journal struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

func (j *journal) logger() hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Output: j, Level: hclog.Trace})
}

// prints is a plugin that prints, and ends.
func prints(print func(stdout, stderr io.Writer)) *fake {
	return &fake{Instead: func(c *proctest.Child, _ *wire.Startup, _ *wire.Stream) int {
		print(c.Stdout, c.Stderr)
		return 3
	}}
}

func TestWhatAPluginPrintsGoesToTheHostsLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var j journal
		w.config.Logger = j.logger()
		w.add("one", prints(func(stdout, stderr io.Writer) {
			fmt.Fprint(stdout, "hello\r\n\n")
			fmt.Fprint(stderr, "[WARN] bad \xff byte\n", strings.Repeat("x", host.MaxLine+10), "\nno newline at the end")
		}))
		w.open()
		log := j.String()
		for _, want := range []string{
			"[INFO]  hello: pid=1000 plugin=one stream=stdout\n", "[WARN]  bad \uFFFD byte: pid=1000 plugin=one stream=stderr\n",
			"[INFO]  " + strings.Repeat("x", host.MaxLine) + ": pid", "[INFO]  xxxxxxxxxx: pid", "[INFO]  no newline at the end: pid=1000",
		} {
			if !strings.Contains(log, want) {
				t.Errorf("the log has no %.60q: %.300s", want, log)
			}
		}
		if strings.Contains(log, "\xff") {
			t.Error("invalid UTF-8 in the log")
		}
	})
}

// moody is a logger whose Log and With do what the test says.
type moody struct {
	hclog.Logger
	log func(msg string)
}

func (m moody) Log(_ hclog.Level, msg string, _ ...any) { m.log(msg) }
func (m moody) With(...any) hclog.Logger                { return m }

type panicky struct{ moody }

func (panicky) With(...any) hclog.Logger { panic("with") }

func TestALoggerThatPanicsBreaksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.config.Logger = panicky{moody{hclog.NewNullLogger(), func(string) { panic("log") }}}
		w.add("one", &fake{Serving: nil})
		w.add("two", prints(func(out, _ io.Writer) { fmt.Fprintln(out, "x") }))
		h := w.open()
		if err := h.Plugin("one").Ready(t.Context()); err != nil {
			t.Error(err)
		}
		if err := h.Plugin("two").Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "exit status 3") {
			t.Error(err)
		}
	})
}

func TestALoggerThatIsStuckStopsNoProcessAndLossIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		release := make(chan struct{}) // closed by the test
		var mu sync.Mutex
		lines, said := 0, false
		w.config.Logger = moody{hclog.NewNullLogger(), func(msg string) {
			if strings.HasPrefix(msg, "flood") {
				<-release
			}
			mu.Lock()
			defer mu.Unlock()
			lines++
			said = said || strings.HasPrefix(msg, "lines of output were dropped")
		}}
		var took time.Duration
		w.add("one", prints(func(out, _ io.Writer) {
			began := time.Now()
			for range 50_000 {
				fmt.Fprintln(out, "flood")
			}
			took = time.Since(began)
		}))
		w.open()
		close(release)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if took > 2*time.Second || !said || lines > 5000 {
			t.Errorf("it printed for %s; loss said %v; %d lines were logged", took, said, lines)
		}
	})
}

func TestLinesOfAPluginCommandNoTerminal(t *testing.T) {
	for text, want := range map[string]string{
		"\x1b[2J\x1b]0;title\a": `\x1b[2J\x1b]0;title\x07`,
		"a\tb":                  "a\tb",
		"caf\u00e9 \u009b31m":   `café \x9b31m`,
		"bad \xff":              "bad \uFFFD",
	} {
		if got := host.Printable(text); got != want {
			t.Errorf("%q is logged as %q, want %q", text, got, want)
		}
	}
	_, message, args := host.ParseLine(`{"@level":"info","@message":"\u001b[2J","who":"\u0007"}`)
	if message != `\x1b[2J` || len(args) != 2 || args[1] != `\x07` {
		t.Errorf("got %q, %q", message, args)
	}
}
