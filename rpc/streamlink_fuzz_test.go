package rpc_test

import (
	"context"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/rpc"
)

// FuzzStreamsOverABadLink joins two connections by a link that splits, delays and cuts as the script says, and has programs at both ends open, send, take, close,
// cancel, leave, fail, panic and report. Items arrive in order, without gaps, up to where their call ended; every call ends once; nobody breaks the
// protocol; and nothing is left.
func FuzzStreamsOverABadLink(f *testing.F) {
	f.Add([]byte{11, 11, 255, 0, 0, 255, 0, 0, 0, 2, 2, 0, 2, 0, 0, 12, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0, 0, 1, 0, 12, 0, 0, 0, 4, 6, 4, 4, 4, 4, 8, 4})
	f.Add([]byte{3, 3, 2, 1, 0, 0, 1, 1, 9, 1, 1, 1, 0, 3, 2, 0, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 12, 0, 4, 0, 4, 8, 0, 4, 0, 4, 9, 0, 4})
	f.Add([]byte{11, 11, 40, 0, 1, 200, 3, 255, 0, 0, 1, 1, 0, 3, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 10, 2, 1, 4, 0, 0, 0, 4, 3, 4, 4, 11})
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 300 {
			return
		}
		synctest.Test(t, func(t *testing.T) { overABadLink(t, tape(script)) })
	})
}

func overABadLink(t *testing.T, s tape) {
	link := newBadLink(&s)
	var deals []*deal
	opt := rpc.Options{Handlers: dealHandlers(func(id string) *deal { n, _ := strconv.Atoi(id); return deals[n] }),
		StreamItems: 1 + s.pick(4), StreamBytes: 1 + s.pick(200), MaxStreams: 1 + s.pick(3)}
	if s.pick(2) == 1 {
		opt.Serializer = codec.JsonSerializer{}
	}
	for n := 1 + s.pick(6); n > 0; n-- {
		deals = append(deals, newDeal(t, &s))
	}
	var ended [2]atomic.Int64 // calls, by the end that made them
	var ends [2]*rpc.Conn
	for i, stream := range []net.Conn{link.a, link.b} {
		own := opt
		own.Observe = func(o rpc.Observation) {
			if !o.Incoming {
				ended[i].Add(1)
			}
		}
		ends[i] = rpc.NewConn(context.Background(), stream, own)
	}
	makeDeals(deals, ends)
	if !link.cut.Load() && (ends[0].Err() != nil || ends[1].Err() != nil) {
		t.Errorf("the link was whole, and the connections ended with %v and %v", ends[0].Err(), ends[1].Err())
	}
	for i, c := range ends {
		c.Close()
		if want := int64((len(deals) + 1 - i) / 2); ended[i].Load() != want {
			t.Errorf("end %d made %d calls, %d were observed to end", i, want, ended[i].Load())
		}
	}
	link.wg.Wait()
	synctest.Wait()
	nothingLeft(t, ends[:]...)
	for i, d := range deals {
		if err := d.judge(); err != nil {
			t.Errorf("call %d, %q: %v", i, d.kind, err)
		}
	}
}

// makeDeals makes all calls at once, each end every second, and returns when they are over and nothing runs any more.
func makeDeals(deals []*deal, ends [2]*rpc.Conn) {
	var calls sync.WaitGroup
	for i, d := range deals {
		calls.Go(func() { d.call(ends[i%2], strconv.Itoa(i)) })
	}
	calls.Wait()
	time.Sleep(10 * time.Minute) // what is on its way arrives, and every handler's context has ended
	synctest.Wait()
}

func newDeal(t *testing.T, s *tape) *deal {
	d := &deal{t: t, kind: one(s, []rpc.Kind{rpc.KindDuplex, rpc.KindStream, rpc.KindUpload, ""}), patience: time.Minute}
	if p := s.pick(8); p > 5 {
		d.patience = time.Duration(p) * 3 * time.Millisecond
	}
	d.caller, d.handler = d.acts(s), d.acts(s)
	return d
}

func (d *deal) acts(s *tape) (all []byte) {
	for n := s.pick(24); n > 0 && len(*s) > 0; n-- {
		all = append(all, byte(s.pick(256)))
	}
	return all
}
