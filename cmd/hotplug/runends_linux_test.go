package main

import (
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// hostsFor begins hotplug run, whose stdout is out, and returns it once it can be looked at.
func (w *ward) hostsFor(out *os.File) *exec.Cmd {
	w.t.Helper()
	host := exec.Command(os.Args[0], "run", "plugins")
	host.Env, host.Stdout = append(os.Environ(), asCommand+"=1"), out
	if err := host.Start(); err != nil {
		w.t.Fatal(err)
	}
	out.Close()
	w.t.Cleanup(func() { _ = host.Process.Kill() })
	for command(w.t, "status", "plugins").code == exitHost {
	}
	return host
}

func TestRunEndsInOrderWhenItsTerminalOrItsReaderIsGone(t *testing.T) {
	for what, ends := range map[string]func(w *ward, host *exec.Cmd, read *os.File){
		"SIGHUP": func(w *ward, host *exec.Cmd, read *os.File) {
			go func() { _, _ = io.Copy(io.Discard, read) }()
			w.signals(host.Process.Pid, syscall.SIGHUP)
		},
		"its stdout is closed": func(w *ward, _ *exec.Cmd, read *os.File) {
			read.Close()
			command(t, "reload", "plugins", "crasher") // which it wants to say
		},
	} {
		t.Run(what, func(t *testing.T) {
			w := emptyWard(t)
			read, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			host := w.hostsFor(write)
			pid := w.pid()
			ends(w, host, read)
			_ = host.Wait()
			if s := host.ProcessState; !s.Exited() {
				t.Errorf("hotplug run: %s, want it to end by itself", s)
			}
			if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
				t.Errorf("the plugin is left: %v", err)
			}
		})
	}
}
