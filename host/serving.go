package host

import (
	"errors"
	"time"

	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/manifest"
)

// serving waits for what ends an instance, or changes it. If several things have happened, what was asked for goes before what broke.
func (l *life) serving() phase {
	i := l.current
	var sick error
	passed, unused, wished := false, false, false
	select {
	case <-l.p.asked.Done():
	case <-i.leaving:
	case <-i.conn.Done():
	case <-i.proc.Done():
	case <-l.p.wishes.made:
		wished = true
	case <-l.trial.over():
		passed = true
	case sick = <-l.watch.sick:
	case <-l.watch.unused:
		unused = true
	case <-timerC(l.retry):
		l.retry = nil
		return l.tryAgain()
	}
	switch {
	case l.detaches(i):
		l.letGo()
		return nil
	case l.p.asked.Err() != nil:
		l.halt(Stopped, "the host asked it to stop", nil)
		l.tell(errAskedToStop)
		return nil
	case isClosed(i.leaving):
		return l.left()
	case isClosed(i.conn.Done()) || !i.active():
		if wished { // it is seen to afterwards
			signal(l.p.wishes.made)
		}
		return l.crashed(nil)
	case wished:
		return l.heed()
	case passed:
		l.pass()
	case sick != nil:
		return l.crashed(sick)
	case unused:
		l.halt(Idle, "no message for "+l.spec.idle.String()+" (idle)", nil)
		return l.resting
	}
	return l.serving
}

func timerC(t *time.Timer) <-chan time.Time {
	if t == nil {
		return nil
	}
	return t.C
}

// heed acts on a wish while an instance answers calls.
func (l *life) heed() phase {
	w := l.wished()
	if w == nil {
		return l.serving
	}
	l.heard = append(l.heard, w.heard...)
	if w.link != linkNone {
		return l.relink(w.link)
	}
	l.stopRetrying()
	if w.spec == nil && w.rest == Failed {
		return l.keep(l.spec.titled()+" goes on: what is installed now cannot run: "+w.reason, w.err)
	}
	if w.spec == nil {
		l.halt(w.rest, w.reason, w.err)
		l.tell(nil)
		return l.resting
	}
	return l.change(w)
}

// halt ends what runs, in order.
func (l *life) halt(to State, reason string, err error) {
	i := l.current
	l.release()
	l.p.move(to, reason, err)
	l.drop()
	i.stop()
}

// release has nobody answer calls.
func (l *life) release() {
	l.p.serving.Store(nil)
	l.watch.end()
	l.current = nil
}

var errLeft = errors.New("it asked to leave")

// left ends an instance that said goodbye first.
func (l *life) left() phase {
	if l.spec.restart.Policy != manifest.RestartAlways {
		l.halt(Stopped, "it asked to leave", nil)
		return l.resting
	}
	i := l.current
	l.release()
	l.drop()
	l.wake = time.Now()
	l.p.move(Backoff, "it asked to leave; it is started again (restart.policy)", errLeft)
	i.stop()
	return l.backingOff
}

// crashed ends an instance that ended by itself, or, if it is sick, that does not do its work. One that is started again on probation may still
// be followed by the version before.
func (l *life) crashed(sick error) phase {
	bad, t := l.current, l.trial
	l.release()
	var known *lifecycle.State
	if t != nil && t.keeps && sick != nil {
		known = bad.lastWords(l.p.asked)
	}
	report := bad.end(sick)
	if t != nil && t.leadsBack(bad, known) {
		return l.rollBack(report.Summary(), report, known)
	}
	return l.broke(report.Summary(), report)
}

// end ends an instance that ended by itself, or is sick.
func (i *instance) end(sick error) *CrashReport {
	if sick != nil {
		_ = i.proc.Kill()
	}
	report := i.bury("while it was serving")
	if sick != nil {
		report.Cause, report.Killed = sick, true
	}
	return report
}
