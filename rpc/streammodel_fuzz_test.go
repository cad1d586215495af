package rpc_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

const tapeSteps = 200

// A tape is a fuzzed script: a byte for each decision, and 0 once it is used up.
type tape []byte

func (s *tape) pick(n int) int {
	if len(*s) == 0 {
		return 0
	}
	b := (*s)[0]
	*s = (*s)[1:]
	return int(b) % n
}

// one returns one of all; of none it is the zero value.
func one[T any](s *tape, all []T) (none T) {
	if len(all) == 0 {
		return none
	}
	return all[s.pick(len(all))]
}

var boundaryCredits = []uint64{0, 1, 2, 5, 100, modelHighest - 100, modelHighest - 1, modelHighest, modelHighest + 1, 1<<63 - 1, 1 << 63, 1<<64 - 1}

const tooLong = "no number, and more bytes than one has"

// FuzzStreamsAgainstTheModel has a peer play a script of frames, against a connection whose handlers and callers do what the script says. After each step the
// connection must have done what docs/protocol.md, as protocolModel has it, says; and at the end every call has ended once and nothing is left.
func FuzzStreamsAgainstTheModel(f *testing.F) {
	f.Add([]byte{0, 0, 1, 2, 4, 0, 6, 0, 0, 6, 0, 0, 6, 0, 0, 4, 1, 1, 4, 6, 0, 4})                                          // a stream, credit, an end
	f.Add([]byte{0, 1, 1, 0, 0, 0, 2, 1, 0, 2, 1, 0, 6, 0, 0, 6, 0, 1, 3, 1, 6, 0, 0, 6, 0, 4})                              // an upload
	f.Add([]byte{7, 1, 0, 0, 8, 0, 0, 5, 3, 1, 0, 5, 3, 1, 0, 8, 0, 0, 5, 2, 1, 0, 8, 0, 0})                                 // a stream of its own
	f.Add([]byte{7, 2, 0, 1, 8, 0, 0, 5, 4, 1, 0, 2, 4, 8, 0, 4, 5, 5, 1, 0, 9, 5, 0, 1, 0, 8, 0, 6, 10, 12, 2})             // an upload of its own
	f.Add([]byte{0, 2, 1, 3, 4, 1, 7, 3, 1, 1, 2, 1, 1, 2, 1, 0, 2, 1, 0, 2, 1, 0, 1, 1, 6, 0, 0, 10, 11, 4, 1, 12, 0, 3})   // duplexes
	f.Add([]byte{0, 3, 2, 0, 0, 7, 6, 0, 3, 6, 0, 3, 10, 0, 3, 3, 0, 0, 0, 6, 0, 2, 11, 0, 3, 7, 0, 3, 1, 5, 0, 1, 7, 9, 0}) // plain calls
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 4*tapeSteps {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			w, s := newModelWorld(t), tape(script)
			for steps := 0; len(s) > 0 && steps < tapeSteps && !w.model.dead && !t.Failed(); steps++ {
				clear(w.model.out)
				w.step(&s)
				synctest.Wait()
				w.judgeFrames()
				w.judgePrograms()
			}
			w.finish()
		})
	})
}

// step does one thing.
func (w *modelWorld) step(s *tape) {
	switch op := s.pick(13); op {
	case 0:
		w.playRequest(s)
	case 1, 2, 3, 4:
		w.playFromCaller(s, []wire.Kind{wire.Cancel, wire.Upload, wire.UploadEnd, wire.Credit}[op-1])
	case 5:
		w.playFromCallee(s)
	case 6, 7, 8, 9:
		w.command(s, op)
	case 10:
		time.Sleep(time.Second)
		w.model.passTime()
	case 11:
		w.playOther(s)
	case 12:
		w.drop(s)
	}
}

// command tells a program what to do.
func (w *modelWorld) command(s *tape, op int) {
	if op == 7 {
		kind := one(s, []rpc.Kind{"", rpc.KindStream, rpc.KindUpload, rpc.KindDuplex})
		if w.model.mayCall(kind != "") && len(w.made) < 4 {
			w.call(kind, s.pick(4) == 3, s.pick(2) == 1)
		}
		return
	}
	if op == 6 {
		if c := one(s, w.liveServed()); c != nil {
			a := one(s, c.canDo())
			w.served[c].acts <- a
			w.model.tellHandler(c, a)
		}
		return
	}
	c := one(s, w.liveMade())
	switch {
	case c == nil:
	case op == 9:
		w.made[c.tx].cancel()
		w.model.giveUp(c, rpc.Canceled)
	case c.kind != "":
		a := one(s, c.canDo())
		w.made[c.tx].acts <- a
		w.model.tellCaller(c, a)
	}
}

func (w *modelWorld) liveServed() []*modelServed {
	return slices.SortedFunc(maps.Values(w.model.served), func(a, b *modelServed) int { return int(a.tx) - int(b.tx) })
}

func (w *modelWorld) liveMade() (all []*modelMade) {
	for tx := range uint64(len(w.model.made)) {
		if c := w.model.made[tx+1]; !c.left {
			all = append(all, c)
		}
	}
	return all
}

// playRequest sends a request, which is mostly one that is handled.
func (w *modelWorld) playRequest(s *tape) {
	name := one(s, []string{"m.down", "m.up", "m.both", "m.plain", "m.unknown"})
	f := wire.Frame{Kind: wire.Request, Type: name, Tx: wire.Tx{N: uint64(s.pick(5))}}
	id := strconv.Itoa(len(w.byHeader))
	f.Meta = wire.Meta{Opens: string(modelHandled[name]), Items: one(s, boundaryCredits), Bytes: one(s, boundaryCredits), Headers: map[string]string{"program": id}}
	odd := s.pick(32)
	f.Meta.Progress = odd&1 != 0
	if odd&6 == 6 {
		f.Meta.Deadline = 500
	}
	payload := any(1)
	switch odd >> 3 {
	case 1:
		payload = "no number"
	case 2:
		f.Meta.Opens = one(s, []string{"relay", "", "stream", "upload", "duplex"})
	}
	p := newProgram()
	w.mu.Lock()
	w.byHeader[id] = p
	w.mu.Unlock()
	if c := w.model.request(&f, payload == 1); c != nil {
		w.served[c] = p
	}
	w.raw.send(f, payload)
}

// playFromCaller sends another frame of a caller.
func (w *modelWorld) playFromCaller(s *tape, k wire.Kind) {
	f, item := of(k, uint64(s.pick(5))), modelItem{text: "got 5"}
	var payload any
	switch k {
	case wire.Upload:
		if payload = 5; s.pick(8) == 7 {
			payload, item.text = tooLong, string(rpc.Invalid)
		}
	case wire.Credit:
		f.Meta.Items, f.Meta.Bytes = one(s, boundaryCredits), one(s, boundaryCredits)
	}
	frame := w.frame(f, payload)
	item.size = sizeOf(frame)
	w.model.fromCaller(&f, item)
	w.write(frame)
}

// playFromCallee sends a frame of a callee.
func (w *modelWorld) playFromCallee(s *tape) {
	f := of(one(s, []wire.Kind{wire.Result, wire.Error, wire.End, wire.Item, wire.UploadCredit, wire.Progress}), uint64(s.pick(6)))
	odd := s.pick(8) == 7
	var payload any
	text := ""
	switch f.Kind {
	case wire.Result, wire.Item:
		if payload, text = 5, "got 5"; odd {
			payload, text = tooLong, string(rpc.Invalid)
		}
	case wire.Error:
		if payload, text = map[string]any{"code": "Denied"}, string(rpc.Denied); odd {
			payload, text = 5, string(rpc.Protocol)
		}
	case wire.UploadCredit:
		f.Meta.Items, f.Meta.Bytes = one(s, boundaryCredits), one(s, boundaryCredits)
	case wire.Progress:
		n := s.pick(100)
		payload, text = rpc.Progress{Done: int64(n)}, fmt.Sprint("progress ", n)
	}
	frame := w.frame(f, payload)
	w.model.fromCallee(&f, text, sizeOf(frame))
	w.write(frame)
}

// playOther sends a frame that belongs to no call.
func (w *modelWorld) playOther(s *tape) {
	f := wire.Frame{Kind: one(s, []wire.Kind{wire.Ping, wire.Pong, wire.Goodbye, 64, 255, 0, 6, 16, 23, 36, 63}), Tx: wire.Tx{N: uint64(s.pick(5))}}
	switch {
	case f.Kind == wire.Ping:
		w.model.leaves(wire.Pong, 0, "pong %d", f.Tx.N)
	case f.Kind < 64 && !f.Kind.Known():
		w.model.dies(true)
	}
	w.raw.send(f, nil)
}

// drop ends the connection, perhaps within a frame, or with one that cannot be read.
func (w *modelWorld) drop(s *tape) {
	frame := w.frame(of(wire.Upload, 1), 5)
	switch s.pick(3) {
	case 1:
		w.write([]byte{0, 0, 0, 0})
	case 2:
		w.write(frame[:s.pick(len(frame))])
	}
	w.stream.Close()
	w.model.dies(false)
}
