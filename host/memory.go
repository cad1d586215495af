package host

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-hotplug/hotplug/manifest"
)

// starvation is how programs say that they got no more memory: Go's runtime and the C library, also for the stack of a thread, Python, C++, the JVM.
var starvation = []string{"out of memory", "annot allocate memory", "pthread_create failed", "failed to create new OS thread", "MemoryError", "bad_alloc", "OutOfMemoryError"}

// saysStarved reports whether a line of stderr says that.
func saysStarved(line string) bool {
	return slices.ContainsFunc(starvation, func(word string) bool { return strings.Contains(line, word) })
}

// memoryNote is how a process that has ended met its limit of memory; empty: it did not, as far as can be known. The kernel tells where a control
// group keeps the limit; else only the process itself does.
func (p *process) memoryNote() string {
	limit := manifest.Size(p.spec.around.limits.Memory)
	switch {
	case limit == 0:
		return ""
	case p.proc.Exit().OutOfMemory:
		return fmt.Sprintf("the kernel ended it at its limit of memory, %s (limits.memory)", limit)
	case p.lines.saidStarved():
		return fmt.Sprintf("it says that it got no more memory; its limit is %s (limits.memory)", limit)
	}
	return ""
}

// howEnded is how an ended process ended, in a few words.
func (p *process) howEnded() string {
	exit := p.proc.Exit()
	if p.spec.around.limits.Memory > 0 && !exit.OutOfMemory {
		select { // what it said last is on its way
		case <-p.lines.written:
		case <-time.After(exitGrace):
		}
	}
	if note := p.memoryNote(); note != "" {
		return exit.String() + "; " + note
	}
	return exit.String()
}

func (l *lines) saidStarved() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.starved
}

// warnOfLimits says to which limits a process is not held that has just been started.
func (i *instance) warnOfLimits() {
	for _, err := range i.proc.Unkept() {
		i.unkept = append(i.unkept, err.Error())
		i.log.Warn("a limit is not wholly kept on this machine", "reason", err.Error())
	}
}
