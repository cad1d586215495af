//go:build linux

package e2e_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
)

func TestAFloodOnStdoutOrStderrHoldsUpNeitherPluginNorHost(t *testing.T) {
	const megabyte = 1 << 20
	tests := map[string]int64{
		"endless": 10 * megabyte, // one line without an end
		"lines":   2 * megabyte,  // more than 100,000
		"binary":  megabyte, "badlog": megabyte, "nested": megabyte, "escapes": megabyte, "blank": megabyte,
	}
	for flavour, size := range tests {
		t.Run(flavour, func(t *testing.T) {
			s := newSite(t)
			s.crasher("", nil)
			h := s.open()
			got, err := crasherFlood.Call(t.Context(), h.Plugin("crasher"), floodRequest{Stream: "both", Flavour: flavour, Bytes: size})
			if err != nil || got.Bytes < size {
				t.Fatalf("flooded %+v, %v", got, err)
			}
			if flavour == "lines" && got.Pieces < 100_000 {
				t.Fatalf("%d lines, want 100,000 at least", got.Pieces)
			}
			if _, err := crasherEcho.Call(t.Context(), h.Plugin("crasher"), echoRequest{Size: 1}); err != nil {
				t.Errorf("after the flood: %v", err)
			}
			s.goesOn(h)
			if flavour != "blank" { // nothing of that is worth a line
				until(t, 10*time.Second, "in the log: some of the flood", func() bool { return s.log.count(fromCrasher) > 0 })
			}
			if n := s.log.count(func(e entry) bool { return len(e.message) > 64<<10+4096 }); n > 0 {
				t.Errorf("%d lines of the log are longer than 64 KiB", n)
			}
		})
	}
}

func fromCrasher(e entry) bool { return e.fields["plugin"] == "crasher" && e.fields["stream"] != "" }

func TestNoLineOfAFloodIsLostToALoggerThatKeepsUp(t *testing.T) {
	s := newSite(t)
	s.crasher("", nil)
	h := s.open()
	got, err := crasherFlood.Call(t.Context(), h.Plugin("crasher"), floodRequest{Stream: "stdout", Flavour: "lines", Bytes: 200_000})
	if err != nil {
		t.Fatal(err)
	}
	until(t, 10*time.Second, "logged", func() bool { return int64(s.log.count(fromCrasher)) >= got.Pieces })
	if n := int64(s.log.count(fromCrasher)); n != got.Pieces {
		t.Errorf("%d lines in the log, %d were written", n, got.Pieces)
	}
	s.goesOn(h)
}

func TestALineThatIsNotHclogsJSONIsLoggedAsItIs(t *testing.T) {
	lines := []string{
		`{"@level":42,"@message":["not","text"],"@timestamp":true}`,
		`{"@level":"shout","@message":"no such level"}`,
		`{"@level":"info","@message":"cut off`,
		`{"@message":"no level"}`,
		`{}`, `[]`, `null`, `[NOISE] text`,
	}
	s := newSite(t)
	s.oddity("", nil)
	h := s.open()
	for _, line := range lines {
		if _, err := oddityapi.Print.Call(t.Context(), h.Plugin("oddity"), oddityapi.Text{Text: line + "\n"}); err != nil {
			t.Fatal(err)
		}
		until(t, 10*time.Second, "in the log: "+line, func() bool {
			return s.log.count(func(e entry) bool {
				return e.message == line && e.level == hclog.Info && e.fields["stream"] == "stdout"
			}) == 1
		})
	}
	s.goesOn(h)
}

func TestALineOfThePluginsLoggerKeepsItsLevelAndFields(t *testing.T) {
	s := newSite(t)
	s.oddity("", nil)
	h := s.open()
	if _, err := oddityapi.Log.Call(t.Context(), h.Plugin("oddity"), struct{}{}); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]struct {
		level hclog.Level
		value string
	}{
		"at trace": {hclog.Trace, "value"}, "at debug": {hclog.Debug, "[1,2]"}, "at info": {hclog.Info, "true"},
		"at warn": {hclog.Warn, "1.5"}, "at error": {hclog.Error, "two words"},
	} {
		var e entry
		until(t, 10*time.Second, "in the log: "+text, func() bool { var ok bool; e, ok = s.log.find(text); return ok })
		if e.level != want.level || e.fields["key"] != want.value || e.fields["shelf"] != "4" || e.fields["plugin"] != "oddity" || e.fields["stream"] != "stderr" {
			t.Errorf("%s: %+v, want level %s and key=%s", text, e, want.level, want.value)
		}
	}
	s.goesOn(h)
}

func TestTheLastWordsWithoutANewlineAreLogged(t *testing.T) {
	s := newSite(t)
	s.crasher("", nil)
	s.oddity("", nil)
	h := s.open()
	if _, err := oddityapi.Print.Call(t.Context(), h.Plugin("oddity"), oddityapi.Text{Stderr: true, Text: "no newline follows"}); err != nil {
		t.Fatal(err)
	}
	h.Plugin("oddity").Close()
	if _, ok := s.log.find("no newline follows"); !ok {
		t.Error("the last line is not in the log")
	}
	s.goesOn(h)
}

func TestAPluginThatClosesItsOutputGoesOn(t *testing.T) {
	s := newSite(t)
	s.oddity("", nil)
	h := s.open()
	p := h.Plugin("oddity")
	if _, err := oddityapi.CloseOutput.Call(t.Context(), p, struct{}{}); err != nil {
		t.Fatal(err)
	}
	if got, err := oddityapi.Whole.Call(t.Context(), p, oddityapi.Number{N: 4}); err != nil || got.N != 4 {
		t.Errorf("%d, %v", got.N, err)
	}
	p.Close()
	if st := p.Status(); st.State != host.Stopped {
		t.Errorf("status %+v", st)
	}
	if d, _ := s.shutdown("oddity"); d.Code != 0 {
		t.Errorf("shutdown %+v, want exit status 0", d)
	}
	s.goesOn(h)
}

func TestAGrandchildThatHoldsThePipesDoesNotHoldUpClose(t *testing.T) {
	s := newSite(t)
	s.crasher("", nil)
	h := s.open()
	child, err := crasherGrandchild.Call(t.Context(), h.Plugin("crasher"), grandchildRequest{IgnoreSignals: true})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	h.Plugin("crasher").Close()
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("Close took %s", took)
	}
	if !eventually(2*time.Second, func() bool { return !alive(child.PID) }) {
		t.Errorf("the grandchild %d lives", child.PID)
	}
	s.goesOn(h)
}

func TestAGrandchildThatLeftTheGroupDoesNotHoldUpClose(t *testing.T) {
	s := newSite(t)
	s.crasher("", nil)
	h := s.open()
	child, err := crasherGrandchild.Call(t.Context(), h.Plugin("crasher"), grandchildRequest{Session: true})
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(child.PID, syscall.SIGKILL) // nothing that the host starts knows of it any more
	start := time.Now()
	h.Plugin("crasher").Close()
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("Close took %s", took)
	}
	s.goesOn(h)
}

func TestAGrandchildIsGoneWhenItsPluginCrashes(t *testing.T) {
	s := newSite(t)
	s.crasher("", nil)
	h := s.open()
	child, err := crasherGrandchild.Call(t.Context(), h.Plugin("crasher"), grandchildRequest{IgnoreSignals: true})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = crasherExit.Call(t.Context(), h.Plugin("crasher"), exitRequest{Code: 4, Stderr: "gone"})
	until(t, 10*time.Second, "failed", func() bool { return h.Plugin("crasher").Status().State == host.Failed })
	says(t, failure(t, h, "crasher"), "exit status 4", "gone")
	until(t, 2*time.Second, "gone: the grandchild", func() bool { return !alive(child.PID) })
	s.goesOn(h)
}
