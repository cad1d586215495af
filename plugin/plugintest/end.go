package plugintest

import (
	"context"
	"time"

	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

// patience is how long a plugin may take to end before the test fails: long, because in a testing/synctest bubble it costs nothing, and
// what the plugin's own time-outs end shall be seen to end by them.
const patience = 2 * time.Minute

// Stop says goodbye, as a host does that closes: calls in flight finish, the Stop hook runs, the plugin ends. It waits for that and
// returns what Run returned: nil if all went well, else what plugin.ExitCode knows the exit code of. A parked plugin is asked to leave by SIGTERM.
func (p *Plugin) Stop() error {
	p.t.Helper()
	if g, parked := p.Heard(); parked && g.Then == rpc.GoodbyePark {
		return p.Terminate()
	}
	if p.Err() == nil {
		_ = p.Goodbye(context.Background(), rpc.Goodbye{Then: rpc.GoodbyeStop}) // the plugin may be leaving by itself
	}
	return p.Wait()
}

// Terminate asks the plugin to leave, as SIGTERM does: it says goodbye to its host, which answers, and ends as in Stop.
func (p *Plugin) Terminate() error {
	p.t.Helper()
	p.ask()
	return p.Wait()
}

// Die is the death of the host: the connection is cut, and the process is told that nobody is left. The Stop hook has half a second, then
// the process group is killed: a hook that is not over by then fails the test. It waits for the end, and returns what Run returned.
func (p *Plugin) Die() error {
	p.t.Helper()
	p.host.Die()
	p.Close()
	err := p.Wait()
	if p.cutOff.Load() {
		p.t.Errorf("the Stop hook was not over when the process group was killed, half a second after the host had died: shorten it")
	}
	return err
}

// Wait waits until the plugin has ended by itself, and returns what Run returned.
func (p *Plugin) Wait() error {
	p.t.Helper()
	p.await()
	p.seen.Store(true)
	return p.err
}

// await waits for Run, and does not go on without it.
func (p *Plugin) await() {
	p.t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.ended:
	case <-timer.C:
		p.t.Fatalf("the plugin has not ended after %s; what runs:\n%s", patience, p.own.Running())
	}
}

// finish ends what the test has not ended, and looks at what is left.
func (p *Plugin) finish() {
	defer p.release()
	if p.Conn != nil && !isClosed(p.ended) {
		if p.Err() != nil { // parked, or about to end
			p.ask()
		}
		_ = p.Goodbye(context.Background(), rpc.Goodbye{Then: rpc.GoodbyeStop})
	}
	p.await()
	if p.err != nil && !p.seen.Load() {
		p.t.Errorf("the plugin ended with exit code %d: %v", plugin.ExitCode(p.err), p.err)
	}
	p.release()
	if left := p.own.Left(); left != "" {
		p.t.Errorf("the plugin has ended, and goroutines of it are left:\n%s", left)
	}
}

// release lets go of what a process would let go of by ending.
func (p *Plugin) release() {
	if p.Conn != nil {
		p.Conn.Close()
	}
	p.host.Close()
	p.ask()
}
