package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// An incident is a time in which calls to a plugin may be lost: of a bad version, from before it was installed until the one before it
// answered again; of a signal, from before it was sent until the plugin was ready again.
type incident struct {
	plugin  string
	sort    sort
	version string    // of the bad version
	pid     int       // of the process that was to die
	from    time.Time // before anything was done
	to      time.Time // zero: it is not over
}

// A sort is what an incident is.
type sort string

const (
	badVersion sort = "a bad version"
	signal     sort = "a signal"
)

// covers reports whether some of the time between two moments is that of the incident.
func (i *incident) covers(begun, ended time.Time) bool {
	return !ended.Before(i.from) && (i.to.IsZero() || !begun.After(i.to))
}

// A failure is a call that was not answered.
type failure struct {
	plugin       string
	kind         rpc.Kind
	begun, ended time.Time
	err          error
}

// lostAtMost is how often a query is lost before its caller learns of it: it is asked again three times.
const lostAtMost = 4

// judge says which sort of incident met a failed call, if one did, and why that does not explain its failure, if it does not. Only a call that may not
// run again and that may have run, as its error says, is explained, and only by what happened to its own plugin while it ran.
func judge(f failure, all []*incident) (by sort, why string) {
	met := 0
	for _, i := range all {
		if i.plugin == f.plugin && i.covers(f.begun, f.ended) {
			by = i.sort
			met++
		}
	}
	what := fmt.Sprintf("%s to %s", f.kind, f.plugin)
	switch {
	case met == 0:
		return "", fmt.Sprintf("%s, which no bad version and no signal met: %v", what, f.err)
	case f.kind == rpc.KindNotice:
		return by, fmt.Sprintf("%s, which is sent again if it was not sent: %v", what, f.err)
	case f.kind == rpc.KindQuery && met < lostAtMost:
		return by, fmt.Sprintf("%s, which is asked again: %v", what, f.err)
	case !errors.Is(f.err, rpc.Unavailable):
		return by, fmt.Sprintf("%s: %s, where a lost call is Unavailable: %v", what, rpc.CodeOf(f.err), f.err)
	case rpc.Delivered(f.err) != rpc.PerhapsDelivered:
		return by, fmt.Sprintf("%s was not delivered, and not tried again: %v", what, f.err)
	}
	return by, ""
}

// A death is a process that ended while it was serving.
type death struct {
	worker host.Worker
	at     time.Time
	text   string
}

// explained reports whether a death was meant.
func (d *death) explained(all []*incident) bool {
	for _, i := range all {
		meant := i.pid != 0 && i.pid == d.worker.PID || i.version != "" && i.version == d.worker.Version
		if i.plugin == d.worker.Plugin && meant && !d.at.Before(i.from) {
			return true
		}
	}
	return false
}
