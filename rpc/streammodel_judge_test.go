package rpc_test

import (
	"fmt"
	"maps"
	"slices"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// describe is what the model calls a frame.
func (w *modelWorld) describe(f *wire.Frame) string {
	var n int
	switch f.Kind {
	case wire.Request:
		return fmt.Sprintf("request %s %d %d %v", f.Meta.Opens, f.Meta.Items, f.Meta.Bytes, f.Meta.Progress)
	case wire.Item, wire.Upload, wire.Result:
		_ = w.format.DecodePayload(f, &n)
		return fmt.Sprintf("%s %d", f.Kind, n)
	case wire.Error:
		var e rpc.Error
		_ = w.format.DecodePayload(f, &e)
		return "error " + string(e.Code) + map[bool]string{true: " not started"}[e.NotStarted]
	case wire.Credit, wire.UploadCredit:
		return fmt.Sprintf("%s %d %d", f.Kind, f.Meta.Items, f.Meta.Bytes)
	case wire.Progress:
		var p rpc.Progress
		_ = w.format.DecodePayload(f, &p)
		return fmt.Sprint("progress ", p.Done)
	case wire.Pong:
		return fmt.Sprintf("pong %d", f.Tx.N)
	}
	return f.Kind.String()
}

// judgeFrames compares what came out in this step with what had to. Of reports the latest must have come, and none behind the answer.
func (w *modelWorld) judgeFrames() {
	w.mu.Lock()
	frames := w.frames
	w.frames = nil
	w.mu.Unlock()
	if ended := w.conn.Err() != nil; ended != w.model.dead {
		w.t.Errorf("the connection is over: %v (%v); expected %v", ended, w.conn.Err(), w.model.dead)
	}
	if w.model.dead {
		return
	}
	got, news, answered := map[string][]string{}, map[string]string{}, map[string]bool{}
	for i := range frames {
		k := frames[i].Kind
		call, text := callOf(k, frames[i].Tx.N), w.describe(&frames[i])
		if answered[call] {
			w.t.Errorf("%s of %s behind its answer", text, call)
		}
		answered[call] = k == wire.Result || k == wire.Error || k == wire.End
		if k == wire.Progress {
			news[call] = text
		} else {
			got[call] = append(got[call], text)
		}
	}
	if !maps.EqualFunc(got, w.model.out, slices.Equal) {
		w.t.Errorf("these frames came out: %q\nexpected %q", got, w.model.out)
	}
	w.judgeNews(news)
}

// judgeNews compares the latest reports.
func (w *modelWorld) judgeNews(news map[string]string) {
	want := map[string]string{}
	for c := range w.served {
		if c.news && c.lastNews > 0 {
			want[callOf(wire.Progress, c.tx)] = fmt.Sprint("progress ", c.lastNews)
		}
		c.lastNews = 0
	}
	if !maps.Equal(news, want) {
		w.t.Errorf("these reports came last: %v, expected %v", news, want)
	}
}

// judgePrograms compares what the programs saw with what they had to.
func (w *modelWorld) judgePrograms() {
	for c, p := range w.served {
		if log := p.noted(); !slices.Equal(c.log, log) {
			w.t.Errorf("the handler of call %d saw %q, expected %q", c.tx, log, c.log)
		}
	}
	for tx, p := range w.made {
		if c, log := w.model.made[tx], p.noted(); !slices.Equal(c.log, log) {
			w.t.Errorf("the caller of call %d saw %q, expected %q", tx, log, c.log)
		}
	}
}
