package plugin

import (
	"context"
	"io"
	"sync"
	"time"
)

// hostGoneGrace is how long the Stop hook has when the host died.
const hostGoneGrace = 500 * time.Millisecond

// lifelineLag is how long after its connection the lifeline of a host that died may end: the kernel closes both, one after the other.
const lifelineLag = 100 * time.Millisecond

// endWithHost is called when the connection was lost. It returns if the host is still there: if not, the whole process group ends,
// which an exit of this process alone would prevent.
func (l *life) endWithHost() {
	if l.in.rest == nil || l.keepsAlive() {
		return
	}
	timer := time.NewTimer(lifelineLag)
	defer timer.Stop()
	select {
	case <-l.gone:
		<-l.killed // watchLifeline ends the group
	case <-timer.C:
	}
}

// watchLifeline ends the process group when the host is gone.
func (l *life) watchLifeline() {
	if l.in.rest == nil {
		return
	}
	_, err := io.Copy(io.Discard, l.in.rest)
	if err != nil {
		return // it tells nothing of the host
	}
	if l.keepsAlive() {
		return
	}
	var once sync.Once
	end := func() { once.Do(func() { l.kill(); close(l.killed) }) }
	time.AfterFunc(hostGoneGrace, end) // whatever the hook and the logger do
	close(l.gone)
	l.s.Logger.Warn("the host is gone: leaving", "host", l.in.startup.Host.Name, "pid", l.in.startup.Host.PID)
	ctx, cancel := context.WithTimeout(context.Background(), hostGoneGrace)
	defer cancel()
	if err := l.stopHook(ctx); err != nil {
		l.s.Logger.Warn("Stop hook failed", "error", err)
	}
	end()
}
