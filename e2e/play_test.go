//go:build linux

package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/e2e/internal/oddityapi"
	"github.com/go-hotplug/hotplug/host"
)

// envPlayHost makes this test program a host that is there to die. It holds the play as JSON.
const envPlayHost = "HOTPLUG_E2E_HOST"

// A play says what the host does before it dies.
type play struct {
	Plugins, State, Runtime string
	Grandchild              bool   // the crasher starts one that ignores signals
	Wedge                   bool   // handlers of the crasher spin, more than there are CPUs
	Ignore                  bool   // the crasher ignores SIGTERM, SIGINT and SIGHUP
	Slow                    bool   // a handler of the oddity is busy
	Freeze                  bool   // the oddity's Go runtime stands still
	Count                   bool   // the counter counts one further
	Orphan                  bool   // the oddity has a child, and ends itself when its host is gone
	User                    string // who the oddity runs as; empty: as the host does

	DieIn string // the state of the oddity in which the host is killed
	DieAt int    // which time

	Opens string // a file that the application opens as C does, before it opens its host
	Log   string // the file of its log; empty: none

	host *host.Host

	Inherits *os.File `json:"-"` // becomes descriptor 3 of the host
}

// A cast is who plays: the processes by plugin name, and the grandchild.
type cast struct {
	Plugins    map[string]int
	Grandchild int
	Count      int64
	Err        string
}

// playHost opens a host, tells who plays on stdout, does what lines on stdin say, and exits without closing it when an empty one arrives.
func playHost(config string) {
	var p play
	c := cast{Plugins: map[string]int{}}
	if err := json.Unmarshal([]byte(config), &p); err != nil {
		c.Err = err.Error()
	} else if err := p.open(&c); err != nil {
		c.Err = err.Error()
	}
	_ = json.NewEncoder(os.Stdout).Encode(c)
	orders := bufio.NewScanner(os.Stdin)
	for orders.Scan() && orders.Text() != "" {
		_ = json.NewEncoder(os.Stdout).Encode(cast{Err: text(p.obey(orders.Text()))})
	}
	os.Exit(3)
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// obey does with the oddity what a line says.
func (p *play) obey(order string) error {
	ctx, oddity := context.Background(), p.host.Plugin("oddity")
	switch order {
	case "starve":
		return limitFiles(func(rlim *syscall.Rlimit) { rlim.Cur = uint64(len(descriptors())) })
	case "feed":
		return limitFiles(func(rlim *syscall.Rlimit) { rlim.Cur = rlim.Max })
	case "kill":
		return syscall.Kill(oddity.Status().PID, syscall.SIGKILL)
	case "status":
		return errors.New(string(oddity.Status().State) + ": " + oddity.Status().Reason)
	case "reload":
		return oddity.Reload(ctx)
	case "disconnect":
		return oddity.Disconnect(ctx)
	case "reconnect":
		return oddity.Reconnect(ctx)
	case "detach":
		return p.host.Detach()
	case "close":
		return p.host.Close()
	}
	_, err := oddityapi.Who.Call(ctx, oddity, struct{}{})
	return err
}

// limitFiles changes how many descriptors this process may have.
func limitFiles(change func(*syscall.Rlimit)) error {
	var rlim syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &rlim)
	change(&rlim)
	return errors.Join(err, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &rlim))
}

// die ends this host as soon as the oddity comes into a state for the nth time.
func (p *play) die(e host.Event) {
	if e.Plugin != "oddity" || string(e.To) != p.DieIn {
		return
	}
	if p.DieAt--; p.DieAt == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
}

func (p *play) open(c *cast) error {
	ctx := context.Background()
	if err := p.openHost(ctx); err != nil {
		return err
	}
	h := p.host
	for _, f := range h.Failed() {
		return f.Err
	}
	for _, plugin := range h.Plugins() {
		c.Plugins[plugin.Name()] = plugin.Status().PID
	}
	if p.Count {
		sum, err := counterAdd.Call(ctx, h.Plugin("counter"), delta{By: 1})
		if err != nil {
			return err
		}
		c.Count = sum.Value
	}
	crasher := h.Plugin("crasher")
	if p.Ignore {
		if _, err := crasherIgnoreSignals.Call(ctx, crasher, struct{}{}); err != nil {
			return err
		}
	}
	if p.Grandchild {
		child, err := crasherGrandchild.Call(ctx, crasher, grandchildRequest{IgnoreSignals: true})
		if err != nil {
			return err
		}
		c.Grandchild = child.PID
	}
	for range 4 {
		if p.Wedge {
			go crasherHang.Call(ctx, crasher, hangRequest{Spin: true})
		}
	}
	if p.Slow {
		go oddityapi.Slow.Call(ctx, h.Plugin("oddity"), oddityapi.Number{N: 60_000})
	}
	if p.Orphan {
		go oddityapi.Orphan.Call(ctx, h.Plugin("oddity"), struct{}{})
	}
	if p.Freeze {
		return freeze(ctx, h.Plugin("oddity"))
	}
	for _, name := range []string{"crasher", "oddity"} { // what was sent before has arrived
		if c.Plugins[name] != 0 && !p.Wedge {
			if _, err := h.Plugin(name).Ping(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// openHost opens the host, and before that the file.
func (p *play) openHost(ctx context.Context) (err error) {
	if p.Opens != "" {
		_, err = syscall.Open(p.Opens, syscall.O_RDONLY, 0)
	}
	log, lerr := p.logger()
	if err = errors.Join(err, lerr); err != nil {
		return err
	}
	as := map[string]host.Settings{"oddity": {User: p.User}}
	p.host, err = host.Open(ctx, host.Config{Name: "player", Dir: p.Plugins, Plugins: as, StateDir: p.State, RuntimeDir: p.Runtime, Logger: log, Hooks: host.Hooks{Event: p.die}})
	return err
}

func (p *play) logger() (hclog.Logger, error) {
	if p.Log == "" {
		return hclog.NewNullLogger(), nil
	}
	file, err := os.Create(p.Log)
	return hclog.New(&hclog.LoggerOptions{Output: file}), err
}

// freeze makes the oddity stand still, and waits until it leaves a ping unanswered for as long as nothing that runs would.
func freeze(ctx context.Context, oddity *host.Plugin) error {
	go oddityapi.Freeze.Call(ctx, oddity, struct{}{})
	for range 1000 {
		short, cancel := context.WithTimeout(ctx, 2*time.Second)
		_, err := oddity.Ping(short)
		late := short.Err() != nil
		cancel()
		if late {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return errors.New("the oddity still answers after 1000 pings: is asyncpreemptoff=1 in its GODEBUG?")
}

// A stage is a host in a process of its own.
type stage struct {
	t      *testing.T
	cmd    *exec.Cmd
	cast   cast
	stdin  io.WriteCloser
	stdout io.Reader
	done   chan struct{} // closed when it was reaped
}

// perform starts a host that does what the play says, and waits until all of that is done.
func (s *site) perform(p play) *stage {
	s.t.Helper()
	st := s.begin(p)
	line, err := bufio.NewReader(st.stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &st.cast)
	}
	if err != nil || st.cast.Err != "" {
		s.t.Fatalf("the host that is to die: %v %s", err, st.cast.Err)
	}
	s.groups = append(s.groups, st.processes()...)
	s.t.Cleanup(st.endSurvivors)
	return st
}

// begin starts a host.
func (s *site) begin(p play) *stage {
	s.t.Helper()
	p.Plugins, p.State, p.Runtime = s.plugins, s.state, s.runtime
	config, err := json.Marshal(p)
	if err != nil {
		s.t.Fatal(err)
	}
	st := &stage{t: s.t, cmd: exec.Command(os.Args[0]), done: make(chan struct{})}
	st.cmd.Env = append(os.Environ(), envPlayHost+"="+string(config))
	st.cmd.Stderr = os.Stderr
	if p.Inherits != nil {
		st.cmd.ExtraFiles = []*os.File{p.Inherits}
	}
	in, into, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	from, out, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	st.cmd.Stdin, st.cmd.Stdout, st.stdin, st.stdout = in, out, into, from
	err = st.cmd.Start()
	in.Close()
	out.Close()
	if err != nil {
		s.t.Fatal(err)
	}
	go func() {
		defer close(st.done)
		_ = st.cmd.Wait()
	}()
	s.t.Cleanup(func() {
		_ = st.cmd.Process.Kill()
		<-st.done
		into.Close()
		from.Close()
		os.RemoveAll(s.runtime) // nobody is left to remove it
	})
	return st
}

// processes are all that have to go with the host.
func (st *stage) processes() []int {
	var all []int
	for _, pid := range st.cast.Plugins {
		all = append(all, pid)
	}
	if st.cast.Grandchild != 0 {
		all = append(all, st.cast.Grandchild)
	}
	return all
}

// kill ends the host as kill -9 does.
func (st *stage) kill() { _ = st.cmd.Process.Signal(syscall.SIGKILL) }

// endSurvivors keeps what outlived its host, and failed the test by it, from disturbing the next one.
func (st *stage) endSurvivors() {
	if !st.t.Failed() {
		return
	}
	for _, pid := range st.processes() {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
}

// goes ends the host, and measures until all plugins, and all that is in their process groups, are gone. One second is promised.
func (st *stage) goes(end func()) {
	st.t.Helper()
	for _, pid := range st.processes() {
		if !alive(pid) {
			st.t.Fatalf("process %d was gone before its host was", pid)
		}
	}
	start := time.Now()
	end()
	groups := st.processes()
	left := func() bool {
		return slices.ContainsFunc(allProcesses(), func(p procStat) bool { return slices.Contains(groups, p.group) && p.state != "Z" && p.state != "X" })
	}
	until(st.t, 10*time.Second, fmt.Sprintf("gone: %v", st.cast), func() bool { return !left() })
	st.t.Logf("%d processes and their groups were gone %s after their host", len(groups), time.Since(start).Round(time.Millisecond))
}
