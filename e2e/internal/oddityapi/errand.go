package oddityapi

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
)

// Visit has the plugin run an errand at its host.
const Visit rpc.Method[Errand, Outcome] = "oddity.visit"

// An Errand is one message to whoever has Answers, or passes it on to one.
type Errand struct {
	Message string `json:"message"`            // its name
	N       int64  `json:"n"`                  // the number, or how many items; 13 ends with an error, 14 with a panic, -2 never
	Leave   int64  `json:"leave,omitempty"`    // the item at which the caller leaves; 0: none
	Cancel  int64  `json:"cancel,omitempty"`   // the item at which the caller cancels; 0: none
	Within  int64  `json:"withinMs,omitempty"` // the deadline; 0: none
}

// Outcome is what came of an errand.
type Outcome struct {
	Items     int64        `json:"items"`     // of a stream, an upload or a duplex
	Sum       int64        `json:"sum"`       // of what was answered
	Reports   int64        `json:"reports"`   // of progress
	Last      rpc.Progress `json:"last"`      // the last of them
	Code      rpc.Code     `json:"code"`      // of the error; empty: none
	Error     string       `json:"error"`     // its text
	Delivered string       `json:"delivered"` // what the error says of that
}

// Left is the text of the error of an upload that its caller left.
const Left = "the caller left"

var errLeft = errors.New(Left)

// A run is an errand on its way.
type run struct {
	Errand
	out    Outcome
	cancel func()
}

// Run runs the errand at p.
func (e Errand) Run(ctx context.Context, p rpc.Peer) Outcome {
	if e.Within > 0 {
		within, cancel := context.WithTimeout(ctx, time.Duration(e.Within)*time.Millisecond)
		defer cancel()
		ctx = within
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &run{Errand: e, cancel: cancel}
	err := r.call(rpc.OnProgress(ctx, func(p rpc.Progress) { r.out.Last = p; r.out.Reports++ }), p)
	if err != nil {
		r.out.Code, r.out.Error, r.out.Delivered = rpc.CodeOf(err), err.Error(), fmt.Sprint(rpc.Delivered(err))
	}
	return r.out
}

func (r *run) call(ctx context.Context, p rpc.Peer) (err error) {
	var got Number
	switch r.Message {
	case string(Double):
		got, err = Double.Call(ctx, p, Number{r.N})
	case string(Keep):
		got, err = Keep.Call(ctx, p, Number{r.N})
	case string(Told):
		return Told.Send(ctx, p, Number{r.N})
	case string(HostCount):
		return r.count(ctx, p)
	case string(HostSum):
		got, err = HostSum.Call(ctx, p, r.items())
	case string(HostChat):
		return r.chat(ctx, p)
	default:
		return fmt.Errorf("no errand has a message %q", r.Message)
	}
	r.out.Sum = got.N
	return err
}

// seen counts an item, and cancels if it is the one. left: the caller leaves here.
func (r *run) seen() (left bool) {
	r.out.Items++
	if r.out.Items == r.Cancel {
		r.cancel()
	}
	return r.out.Items == r.Leave
}

func (r *run) count(ctx context.Context, p rpc.Peer) error {
	for item, err := range HostCount.Open(ctx, p, Number{r.N}) {
		if err != nil {
			return err
		}
		r.out.Sum += item.N
		if r.seen() {
			return nil
		}
	}
	return nil
}

// items are 1 to N, and behind them what makes trouble.
func (r *run) items() iter.Seq2[Number, error] {
	return func(yield func(Number, error) bool) {
		for n := int64(1); n != r.N+1; n++ {
			if r.seen() {
				yield(Number{}, errLeft)
				return
			}
			if !yield(Number{n}, nil) {
				return
			}
		}
		if r.N == 13 || r.N == 14 {
			yield(Number{-r.N}, nil)
		}
	}
}

// chat waits for the answer to an item before it sends the next.
func (r *run) chat(ctx context.Context, p rpc.Peer) error {
	x, err := HostChat.Open(ctx, p)
	if err != nil {
		return err
	}
	defer x.Close()
	next, stop := iter.Pull2(x.Items())
	defer stop()
	for item, left := range r.items() {
		if left != nil {
			return nil
		}
		if err := x.Send(item); err != nil {
			return err
		}
		answer, err, _ := next()
		if err != nil {
			return err
		}
		r.out.Sum += answer.N
	}
	return errors.Join(x.CloseSend(), behind(next))
}

// behind is the error of what follows the last item, if it is not the end.
func behind(next func() (Number, error, bool)) error {
	item, err, more := next()
	if more && err == nil {
		return fmt.Errorf("behind the last item came %d", item.N)
	}
	return err
}
