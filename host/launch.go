package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// launchReady launches, and runs the hooks that come before the first call.
func (l *life) launchReady(s *spec) (*instance, error) {
	return l.launching(s, func(ctx context.Context, i *instance) error { return i.begin(ctx) })
}

// launching waits for its turn, starts the process and does then with it, all within the start time-out. On an error of then nothing is left of the instance.
func (l *life) launching(s *spec, then func(context.Context, *instance) error) (*instance, error) {
	p := l.p
	ctx, done := p.whileWanted()
	defer done()
	select {
	case p.env.launches <- struct{}{}:
		defer func() { <-p.env.launches }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	limit := s.timeouts.Start
	ctx, stop := context.WithTimeoutCause(ctx, limit, tooLate(limit))
	defer stop()
	i, err := launch(ctx, p.env, s, p.nextGeneration())
	if err != nil {
		return nil, err
	}
	if err := then(ctx, i); err != nil {
		return nil, err
	}
	return i, nil
}

var errUnwanted = errors.New("nothing is to run any more")

// whileWanted is for a launch: the context ends when somebody wishes that nothing runs. done must be called.
func (p *Plugin) whileWanted() (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancelCause(p.asked)
	var watching sync.WaitGroup
	watching.Go(func() {
		for !p.wishes.unwanted() {
			select {
			case <-p.wishes.ends:
			case <-ctx.Done():
				return
			}
		}
		cancel(errUnwanted)
	})
	return ctx, func() {
		cancel(nil)
		watching.Wait()
	}
}

// headline is an error on one line, without the lines that a plugin wrote.
func headline(err error) string {
	var report *CrashReport
	if errors.As(err, &report) {
		return report.Summary()
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	text, _, _ = strings.Cut(text, stderrFollows)
	return text
}

// mayPass reports whether the same attempt may succeed later: a process that crashed, or was late, or for which the system had no room. One that was
// refused stays so.
func mayPass(err error) bool {
	var report *CrashReport
	var late tooLate
	if errors.As(err, &report) {
		return !slices.Contains(refusals, report.Code)
	}
	return errors.As(err, &late) || isShortage(err)
}

// isShortage reports whether the system had too little of something: descriptors, processes, memory, space on a disk. Nothing is known against the plugin
// then.
func isShortage(err error) bool {
	for _, s := range []error{syscall.EMFILE, syscall.ENFILE, syscall.EAGAIN, syscall.ENOMEM, syscall.ENOSPC} {
		if errors.Is(err, s) {
			return true
		}
	}
	return false
}

// refusals are exit codes by which a program says that it cannot run as it is: EX_USAGE, EX_DATAERR and EX_CONFIG of sysexits(3). Package plugin ends with
// them if start-up data, manifest or serializer do not fit.
var refusals = []int{64, 65, 78}

// tooLate is the error of a launch that took longer than this.
type tooLate time.Duration

func (t tooLate) Error() string {
	return fmt.Sprintf("not ready within %s (timeouts.start)", time.Duration(t))
}
