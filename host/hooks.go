package host

import (
	"fmt"
	"time"

	"github.com/go-hotplug/hotplug/rpc"
)

// Hooks are told what happens, for metrics. They run in the goroutine in which it happens: a slow hook slows that down, and one
// that waits for Close of what it is told about waits for itself.
// They may be called concurrently; one that panics is logged and changes nothing.
type Hooks struct {
	// Opening is called once, by Open, when plugins have begun to start: from then on the host can be used, while Open waits for them. It must
	// not be closed before Open has returned.
	Opening        func(*Host)
	WorkerSpawn    func(Worker)           // a process was started
	WorkerShutdown func(Worker, Shutdown) // a process has ended
	Message        func(Message)          // a call or notice, in either direction, has ended
	Event          func(Event)            // a plugin changed its state; called in order for each plugin, also before Open returns
}

// A Worker is one process of a plugin.
type Worker struct {
	Plugin, Version string
	Generation      int
	PID             int
}

// A Shutdown says how a process ended.
type Shutdown struct {
	Duration time.Duration // from its start to its end
	Exit     string        // for people: "exit status 0", "killed by SIGKILL"
	Code     int           // exit status; -1 if a signal ended it
	Asked    bool          // the host asked it to stop
	Lost     int           // notices that it was sent and had not said to have handled
}

// A Message is one finished call or notice.
type Message struct {
	Plugin   string
	Type     string
	Kind     rpc.Kind
	Incoming bool // from the plugin to the host
	Duration time.Duration
	Err      error
}

// guard runs a hook, or anything else of the application's, and logs its panic.
func (e *environment) guard(what string, hook func()) {
	defer func() {
		if p := recover(); p != nil {
			e.log().Error("hook panicked", "hook", what, "panic", fmt.Sprint(p))
		}
	}()
	hook()
}

func (h *Host) opening() {
	if h.env.hooks.Opening != nil {
		h.env.guard("Opening", func() { h.env.hooks.Opening(h) })
	}
}

func (e *environment) spawned(w Worker) {
	if e.hooks.WorkerSpawn != nil {
		e.guard("WorkerSpawn", func() { e.hooks.WorkerSpawn(w) })
	}
}

func (e *environment) shutDown(w Worker, s Shutdown) {
	if e.hooks.WorkerShutdown != nil {
		e.guard("WorkerShutdown", func() { e.hooks.WorkerShutdown(w, s) })
	}
}

func (e *environment) published(ev Event) {
	e.events.publish(ev)
	if e.hooks.Event != nil {
		e.guard("Event", func() { e.hooks.Event(ev) })
	}
}

// observer is what a connection reports its messages to; nil if nobody wants to know.
func (e *environment) observer(plugin string) func(rpc.Observation) {
	if e.hooks.Message == nil {
		return nil
	}
	return func(o rpc.Observation) {
		e.hooks.Message(Message{Plugin: plugin, Type: o.Type, Kind: o.Kind, Incoming: o.Incoming, Duration: o.Duration, Err: o.Err})
	}
}
