//go:build linux

package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// resources are what a host must give back.
type resources struct {
	goroutines  int
	descriptors map[string]string // what each number leads to
}

func look() resources {
	return resources{goroutines: runtime.NumGoroutine(), descriptors: descriptors()}
}

func descriptors() map[string]string { return linksIn("/proc/self/fd") }

func linksIn(dir string) map[string]string {
	found := map[string]string{}
	names, _ := os.ReadDir(dir)
	for _, name := range names {
		if target, err := os.Readlink(filepath.Join(dir, name.Name())); err == nil {
			found[name.Name()] = target
		}
	}
	return found
}

// nothingIsLeft fails the test if something of a closed host is: processes, their groups, sockets, descriptors or goroutines.
func (s *site) nothingIsLeft() {
	s.t.Helper()
	s.mu.Lock()
	groups := slices.Clone(s.groups)
	s.mu.Unlock()
	const grace = 2 * time.Second // for the kernel to end what was killed, and for goroutines to be counted out
	if left := remaining(grace, func() []string { return processesOf(groups) }); len(left) > 0 {
		s.t.Errorf("processes are left: %s", strings.Join(left, ", "))
	}
	if left, _ := os.ReadDir(s.runtime); len(left) > 0 {
		s.t.Errorf("the runtime folder still has %v", left)
	}
	if left := remaining(grace, s.newDescriptors); len(left) > 0 {
		s.t.Errorf("descriptors are left: %s", strings.Join(left, ", "))
	}
	if !eventually(grace, func() bool { return runtime.NumGoroutine() <= s.before.goroutines }) {
		s.t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), s.before.goroutines, stacks())
	}
}

// remaining is what is still there at the end of the grace.
func remaining(grace time.Duration, find func() []string) []string {
	var left []string
	eventually(grace, func() bool { left = find(); return len(left) == 0 })
	return left
}

func (s *site) newDescriptors() []string {
	var left []string
	for number, target := range descriptors() {
		if s.before.descriptors[number] == "" && !strings.HasPrefix(target, "/proc/") {
			left = append(left, number+" -> "+target)
		}
	}
	return left
}

// A procStat is the part of /proc/PID/stat that is of interest.
type procStat struct {
	pid, parent, group, session int
	start                       int // when, in ticks of 10 ms
	state, name                 string
}

func (p procStat) String() string {
	return fmt.Sprintf("%d (%s, state %s, parent %d, group %d)", p.pid, p.name, p.state, p.parent, p.group)
}

func allProcesses() []procStat {
	var all []procStat
	names, _ := os.ReadDir("/proc")
	for _, name := range names {
		if pid, err := strconv.Atoi(name.Name()); err == nil {
			if p, ok := stat(pid); ok {
				all = append(all, p)
			}
		}
	}
	return all
}

func stat(pid int) (procStat, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return procStat{}, false
	}
	open, shut := strings.IndexByte(string(text), '('), strings.LastIndexByte(string(text), ')')
	fields := strings.Fields(string(text[shut+1:]))
	number := func(i int) int { n, _ := strconv.Atoi(fields[i]); return n }
	return procStat{pid: pid, name: string(text[open+1 : shut]), state: fields[0], parent: number(1), group: number(2), session: number(3), start: number(19)}, true
}

// processesOf lists our children, and what lives in the groups and sessions. A zombie that is not ours counts as gone: whose child it
// is has to reap it.
func processesOf(groups []int) []string {
	var left []string
	for _, p := range allProcesses() {
		ours := p.parent == os.Getpid()
		member := p.state != "Z" && (slices.Contains(groups, p.group) || slices.Contains(groups, p.session) || slices.Contains(groups, p.pid))
		if ours || member {
			left = append(left, p.String())
		}
	}
	return left
}

// alive reports whether a process runs.
func alive(pid int) bool {
	p, ok := stat(pid)
	return ok && p.state != "Z" && p.state != "X"
}

func stacks() string {
	text := make([]byte, 1<<20)
	return string(text[:runtime.Stack(text, true)])
}
