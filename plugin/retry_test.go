package plugin_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

const learn rpc.Query[string, string] = "kit.learn"

// meeting is a plugin that has kept the Peer of its host, and a first host whose handlers never answer.
func meeting(t *testing.T, runs *atomic.Int32) (l *life, host rpc.Peer, first *rpc.Conn) {
	t.Helper()
	met := make(chan rpc.Peer, 1)
	l = serve(t, plugin.Server{Handlers: []rpc.Handler{echo.Handle(func(ctx context.Context, s string) (string, error) { met <- rpc.Caller(ctx); return s, nil })}})
	hangs := func(ctx context.Context, _ string) (string, error) {
		runs.Add(1)
		<-ctx.Done()
		return "", context.Cause(ctx)
	}
	first, _ = l.connect(ask.Handle(hangs), learn.Handle(hangs))
	if _, err := echo.Call(t.Context(), first, ""); err != nil {
		t.Fatal(err)
	}
	return l, <-met, first
}

func TestAQueryToAHostThatConnectsAgainIsAskedAgainAndAMethodIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var before, after atomic.Int32
		l, host, _ := meeting(t, &before)
		learned, asked := make(chan error, 1), make(chan error, 1)
		go func() { _, err := learn.Call(context.Background(), host, "hi"); learned <- err }()
		go func() { _, err := ask.Call(context.Background(), host, "hi"); asked <- err }()
		synctest.Wait()
		again, _ := l.connect(learn.Handle(echoed), ask.Handle(func(context.Context, string) (string, error) { after.Add(1); return "", nil }))
		if err := <-learned; err != nil {
			t.Errorf("query: %v", err)
		}
		if err := <-asked; !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.PerhapsDelivered || before.Load() != 2 || after.Load() != 0 {
			t.Errorf("method: %v, delivered %s; ran %d times more", err, rpc.Delivered(err), after.Load())
		}
		l.goodbye(again)
		<-l.ended
	})
}

func TestACallToAHostThatIsGoneFailsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runs atomic.Int32
		l, host, first := meeting(t, &runs)
		first.Close()
		<-l.ended
		began := time.Now()
		_, err := learn.Call(context.Background(), host, "hi")
		if d := time.Since(began); d != 0 || rpc.CodeOf(err) != rpc.Unavailable || rpc.Delivered(err) != rpc.NotDelivered || err.Error() != "kit.learn: the peer closed the connection" {
			t.Errorf("after %s: %v, delivered %s", d, err, rpc.Delivered(err))
		}
	})
}
