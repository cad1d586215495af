package host_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/rpc"
)

// A call may be on its way to the instance that answers calls, and not be sent yet, as middleware is slow: the state that is handed over has it, too.
func TestACallThatIsNotSentYetIsCountedOnceWhenStateIsHandedOver(t *testing.T) {
	for what, one := range map[string]func(*testing.T, rpc.Peer) error{
		"a method": func(t *testing.T, p rpc.Peer) error { _, err := echo.Call(t.Context(), p, ""); return err },
		"a notice": func(t *testing.T, p rpc.Peer) error { return note.Send(t.Context(), p, "") },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.config.Middleware = []rpc.Middleware{func(_ context.Context, m *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
					if d == rpc.Outgoing && (m.Kind == rpc.KindMethod || m.Kind == rpc.KindNotice) && !m.Reply {
						time.Sleep(100 * time.Millisecond)
					}
					return m, nil
				}}
				w.add("one", &noting(newTally()).fake)
				p := w.open().Plugin("one")
				fresh := noting(newTally())
				restore, restored := fresh.Restore, 0
				fresh.Restore = func(ctx context.Context, s lifecycle.State) error {
					if restored++; restored == 2 { // the last state
						time.Sleep(150 * time.Millisecond)
					}
					return restore(ctx, s)
				}
				w.release("1.1.0", "one", &fresh.fake)
				const calls = 40
				results := make(chan error, calls)
				for i := range calls {
					go func() {
						time.Sleep(time.Duration(i) * 10 * time.Millisecond)
						results <- one(t, p)
					}()
				}
				time.Sleep(55 * time.Millisecond)
				w.reload(p)
				for range calls {
					if err := <-results; err != nil {
						t.Error(err)
					}
				}
				synctest.Wait()
				if got := count(t, p); got != "41" {
					t.Errorf("this call is number %s, want 41", got)
				}
			})
		})
	}
}

// noting counts notices, too.
func noting(t *tally) *tally {
	t.Handlers = append(t.Handlers, note.Handle(func(context.Context, string) error {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.n++
		return nil
	}))
	return t
}
