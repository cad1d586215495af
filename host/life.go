package host

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/manifest"
)

// A life is one plugin over time, one process after the other. Its run method owns it and is the only one that moves the plugin's state; every other
// goroutine only wishes. How it replaces a process is in reload.go, and what follows if that was a mistake in probation.go.
type life struct {
	p       *Plugin
	spec    *spec            // what runs, or is to
	current *instance        // who answers calls; nil: nobody
	crashes restarts         // of spec
	wake    time.Time        // when a crashed plugin is started again
	refused map[string]error // what did not come up, by fingerprint: it is not tried again by itself
	heard   []chan<- error   // who waits for the outcome of the wish that is being seen to
	trial   *trial           // of current; nil: it is on no probation
	watch   watch            // over current
	retry   *time.Timer      // of a reload that found the plugin busy; nil: none
	put     *wish            // what it retries
	tries   int              // how often it has
	busy    time.Time        // when it was found busy first
	known   *lifecycle.State // of an instance that was ended for its successor; nil: there is none, or it keeps no state
	amiss   error            // why what runs is not what is installed; nil: it is, or nothing runs
	later   *wish            // what is seen to once there is a connection again; nil: nothing
	endings sync.WaitGroup   // goroutines that end instances which answer no calls any more
}

// A phase is what an owner does now. It returns what comes next; nil is the end.
type phase func() phase

// begin gives the plugin its owner, a goroutine that ends with the plugin's life: Close asks it to end and waits for it.
func (p *Plugin) begin(w wish) {
	l := &life{p: p, refused: make(map[string]error), watch: newWatch()}
	go l.run(l.first(&w))
}

// first acts on the first wish, before anybody can look.
func (l *life) first(w *wish) phase {
	left := l.p.env.left[l.p.name]
	if w.spec == nil {
		l.rest(w)
		for _, r := range left {
			l.endings.Go(func() { l.p.env.endLeft(r, nil) })
		}
		return l.resting
	}
	if len(left) > 0 {
		return l.goOn(w, left)
	}
	return l.startOn(w)
}

func (l *life) run(next phase) {
	for next != nil {
		next = next()
	}
	l.drop()
	l.endings.Wait()
	if l.p.after != nil {
		l.p.after()
	}
	close(l.p.done)
}

// tell says what became of a wish.
func (l *life) tell(err error) {
	for _, c := range l.heard {
		c <- err // each has room
	}
	l.heard = nil
	l.p.wishes.settle()
	l.p.poke()
	l.p.settle()
}

// settle says that there was a first outcome.
func (p *Plugin) settle() { p.settling.Do(func() { close(p.settled) }) }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// startOn begins what a wish wants, from rest.
func (l *life) startOn(w *wish) phase {
	l.heard = append(l.heard, w.heard...)
	l.amiss = nil
	l.adoptSpec(w.spec)
	if w.spec.lazy && !w.anew {
		l.drop()
		if !l.p.is(Idle) {
			l.p.move(Idle, "it starts with its first call", nil)
		}
		l.tell(nil)
		return l.resting
	}
	l.p.move(Starting, w.reason, nil)
	return l.starting
}

// rest is for a plugin of which nothing runs.
func (l *life) rest(w *wish) {
	l.drop()
	l.heard = append(l.heard, w.heard...)
	l.p.move(w.rest, w.reason, w.err)
	l.tell(w.err)
}

// resting waits for somebody who wants something.
func (l *life) resting() phase {
	select {
	case <-l.p.asked.Done():
		if l.p.is(Idle) {
			l.p.move(Stopped, "the host asked it to stop", nil)
		}
		l.tell(errAskedToStop)
		return nil
	case <-l.p.wishes.made:
		return l.heedAtRest(l.resting)
	case <-l.p.called:
		if !l.p.is(Idle) {
			return l.resting
		}
		l.p.move(Starting, "it was called", nil)
		return l.starting
	}
}

// heedAtRest acts on a wish while nothing runs. same is what to go on with if the wish changes nothing.
func (l *life) heedAtRest(same phase) phase {
	w := l.wished()
	if w == nil {
		return same
	}
	if w.link != linkNone {
		l.heard = append(l.heard, w.heard...)
		l.tell(l.p.unavailable(string(w.link)))
		return same
	}
	l.stopRetrying()
	if w.spec == nil {
		if l.p.is(w.rest) && w.rest != Failed {
			l.heard = append(l.heard, w.heard...)
			l.tell(w.err)
			return same
		}
		l.rest(w)
		return l.resting
	}
	if !w.anew {
		if err := l.knownBad(w.spec); err != nil {
			l.heard = append(l.heard, w.heard...)
			return l.stayDown(err, same)
		}
	}
	l.crashes.forget()
	return l.startOn(w)
}

// knownBad is why the files of a spec are not tried again; nil: nothing is known against them.
func (l *life) knownBad(s *spec) error {
	if len(l.refused) == 0 {
		return nil
	}
	c, err := l.p.env.copyOf(l.p.asked, s)
	if err != nil {
		return nil // starting it says so
	}
	return l.refused[s.fingerprint(c)]
}

// stayDown goes on as it is, since what is installed now is known not to come up.
func (l *life) stayDown(err error, same phase) phase {
	if (l.p.is(Failed) || l.p.is(Quarantined)) && !sameText(l.p.failure(), err) {
		l.p.again(knownBadText+headline(err), err)
	}
	l.tell(err)
	return same
}

func sameText(a, b error) bool { return a != nil && b != nil && a.Error() == b.Error() }

const knownBadText = "what is installed now is known not to come up: "

// adoptSpec makes s what is to run.
func (l *life) adoptSpec(s *spec) {
	l.spec = s
	l.p.publish(s)
	if l.current != nil {
		l.current.permits.Store(s.permits)
	}
}

// starting launches what is to run.
func (l *life) starting() phase {
	if err := l.p.awaitRequired(l.spec, false); err != nil {
		return l.cannotStart(err)
	}
	i, err := l.launchReady(l.spec)
	if err != nil {
		return l.cannotStart(err)
	}
	l.adopt(i)
	if l.trial != nil {
		l.trial.timer.Reset(time.Duration(l.spec.reload.RollbackWindow))
	}
	reason := i.offers()
	if l.amiss != nil {
		reason += "; what is installed now does not run: " + headline(l.amiss)
	}
	l.p.move(Ready, reason, l.amiss)
	l.tell(nil)
	return l.serving
}

// adopt has an instance answer calls from now on. What it runs is what runs again after a crash, whatever the plugins folder holds by then.
func (l *life) adopt(i *instance) {
	l.current = i
	i.noteServing(true)
	l.p.latest(i)
	l.adoptSpec(l.spec.pinned(i.copied))
	l.p.serving.Store(i)
	l.watch.over(i, l.spec)
	i.warnOfUses()
}

// cannotStart ends an attempt that did not become ready.
func (l *life) cannotStart(err error) phase {
	switch {
	case l.p.asked.Err() != nil:
		l.p.move(Stopped, "stopped while it was starting", nil)
		l.tell(errAskedToStop)
		return nil
	case errors.Is(err, errUnwanted):
		l.p.move(Stopped, "its start was given up: "+err.Error(), nil)
		l.tell(err)
		return l.resting
	case mayPass(err):
		return l.broke("could not start: "+headline(err), err)
	}
	if l.trial != nil {
		return l.rollBack("could not start: "+headline(err), err, nil)
	}
	l.refuse(l.spec, err)
	l.p.move(Failed, "could not start: "+headline(err), err)
	l.postpone(l.spec, err)
	l.tell(err)
	return l.resting
}

// refuse notes that the files of a spec do not come up, if it is they that are to blame.
func (l *life) refuse(s *spec, err error) {
	unmet, busy := (*unmetError)(nil), (*busyError)(nil)
	if errors.As(err, &unmet) || errors.As(err, &busy) || isShortage(err) {
		return
	}
	if c, failed := l.p.env.copyOf(l.p.asked, s); failed == nil {
		l.refused[s.fingerprint(c)] = err
	}
}

// broke decides what follows a crash: another start, or none; then, on probation, the version before.
func (l *life) broke(reason string, err error) phase {
	rule := l.spec.restart
	never := rule.Policy == manifest.RestartNever || rule.Policy == "" || l.p.env.noRestart
	if never && l.trial != nil {
		return l.rollBack(reason, err, nil)
	}
	if never {
		l.p.move(Failed, reason, err)
		l.tell(err)
		return l.resting
	}
	delay, tooMany := l.crashes.crashed(time.Now(), rule)
	if tooMany && l.trial != nil {
		return l.rollBack(reason+"; "+exceeded(rule), err, nil)
	}
	if tooMany {
		l.refuse(l.spec, err)
		l.p.move(Quarantined, reason+"; "+exceeded(rule), err)
		l.tell(err)
		return l.resting
	}
	delay += rand.N(delay/10 + 1)
	l.wake = time.Now().Add(delay)
	l.p.move(Backoff, fmt.Sprintf("%s; it is started again in %s", reason, delay.Round(time.Millisecond)), err)
	l.tell(err)
	return l.backingOff
}

// backingOff waits until a crashed plugin is started again.
func (l *life) backingOff() phase {
	timer := time.NewTimer(time.Until(l.wake))
	defer timer.Stop()
	select {
	case <-timer.C:
		l.p.move(Starting, "it is started again after a crash", nil)
		return l.starting
	case <-l.p.asked.Done():
		err := l.p.failure()
		l.p.move(Failed, "the host stopped it before it was started again: "+headline(err), err)
		return nil
	case <-l.p.wishes.made:
		return l.heedAtRest(l.backingOff)
	}
}
