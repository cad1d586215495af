package fakeplugin

import (
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// A life is one process, from its first session on. Its run method owns it.
type life struct {
	p          *Plugin
	l          *Launched
	current    *session
	parting    []*session      // replaced or parked; those of which nothing is left are taken out from the front
	terminated <-chan struct{} // nil: SIGTERM was heard
	over       <-chan struct{} // the end of current; nil: it was seen, or does not matter
	late       <-chan time.Time
}

func (p *Plugin) live(l *Launched, stream *wire.Stream) int {
	p.mu.Lock()
	p.last = l
	p.mu.Unlock()
	if p.Instead != nil {
		return p.Instead(l.child, l.startup, stream)
	}
	first, code := p.admit(l, stream)
	if first == nil {
		return code
	}
	f := &life{p: p, l: l, terminated: l.child.Terminated()}
	f.serve(first)
	return f.run()
}

// run answers until something ends it, and returns the exit code.
func (f *life) run() int {
	defer func() { f.current.conn.Close() }()
	for {
		select {
		case c := <-f.l.dialled:
			f.p.accept(f.l, c)
		case next := <-f.l.admitted:
			f.part()
			f.serve(next)
		case <-f.current.spoken:
			if f.spoken() {
				return f.leave()
			}
		case <-f.over:
			f.over = nil
			switch {
			case f.p.parks(f.current):
				f.park()
			case !f.p.Deaf:
				return 0
			}
		case <-f.oldest():
			f.parting = f.parting[1:]
			f.rest()
		case <-f.late:
			return f.leave()
		case <-f.terminated:
			f.l.freezer.pass(f.l.child.Context().Done())
			f.p.told("SIGTERM")
			if f.terminated = nil; !f.p.Defiant {
				return f.terminate()
			}
		case <-f.l.child.Context().Done():
			f.p.told("SIGKILL")
			return exitKill
		}
	}
}

// serve makes a session the current one.
func (f *life) serve(s *session) {
	f.current, f.over, f.late = s, s.conn.Done(), nil
}

// part takes leave of the current session, if that has not happened.
func (f *life) part() {
	if n := len(f.parting); n > 0 && f.parting[n-1] == f.current || f.parked() {
		return
	}
	f.parting = append(f.parting, f.current)
	f.p.part(f.l, f.current)
}

// parked reports whether nothing is left of the current session.
func (f *life) parked() bool {
	select {
	case <-f.current.parted:
		return true
	default:
		return false
	}
}

// spoken hears a goodbye, and reports whether it is the end.
func (f *life) spoken() (leaves bool) {
	if f.p.parks(f.current) {
		if f.p.Deaf {
			f.p.told("park")
		} else {
			f.park()
		}
		return false
	}
	f.p.told("goodbye")
	return !f.p.Deaf
}

// park waits for the host to come back.
func (f *life) park() {
	f.over = nil
	f.part()
	f.rest()
}

// rest begins the lease, if there is no session and nothing is in flight any more.
func (f *life) rest() {
	if len(f.parting) == 0 && f.parked() {
		if d := f.p.lease(f.l, f.current); d > 0 {
			f.late = time.After(d)
		}
	}
}

// oldest is closed when nothing is left of the session that was parted with first; nil if there is none.
func (f *life) oldest() <-chan struct{} {
	if len(f.parting) == 0 {
		return nil
	}
	return f.parting[0].parted
}

// terminate is what SIGTERM does: a parked plugin leaves in order, one that serves ends by it.
func (f *life) terminate() int {
	if f.p.parks(f.current) {
		return f.leave()
	}
	return exitTerm
}

// leave finishes what is in flight, and ends.
func (f *life) leave() int {
	ended := f.l.child.Context()
	_ = f.current.conn.Drain(ended)
	for _, s := range f.parting {
		select {
		case <-s.parted:
		case <-ended.Done():
		}
	}
	if f.p.Stop != nil {
		f.p.Stop()
	}
	return 0
}
