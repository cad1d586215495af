package proc_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/internal/proc"
)

// roleEnv makes the test binary play one of the small programs below.
const roleEnv = "PROC_TEST_ROLE"

// quickExit keeps a program that was built with the race detector from sleeping a second at its exit.
const quickExit = "GORACE=atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	role, ok := os.LookupEnv(roleEnv)
	if !ok {
		os.Exit(m.Run())
	}
	play, ok := roles[role]
	if !ok {
		panic("no such role: " + role)
	}
	play()
}

var roles = map[string]func(){
	"wait":       waitForever,
	"wait-ready": func() { fmt.Println("ready"); waitForever() },
	"family":     func() { startGrandchild(); fmt.Println("ready"); waitForever() },
	"orphan":     func() { startGrandchild(); fmt.Println("last words") },
	"startup":    func() { printStartup() },
	"args":       func() { fmt.Printf("%q %q %s", os.Args[1:], os.Getenv("KEY"), os.Getenv(proc.StartupEnv)) },
	"stdin": func() {
		b, err := io.ReadAll(os.Stdin)
		fmt.Printf("%q %v", b, err)
	},
	"who": func() {
		groups, err := os.Getgroups()
		fmt.Print(os.Getuid(), " ", os.Geteuid(), " ", os.Getgid(), " ", os.Getegid(), " ", groups, " ", err)
	},
	"become-root": func() {
		_, err := proc.OS.Start(proc.Spec{Path: "/bin/true", User: &proc.User{Name: "root"}})
		fmt.Print(err)
	},
	"stubborn": func() { signal.Ignore(terminating...); fmt.Println("ready"); waitForever() },
	"eof":      func() { fmt.Println("ready"); printStartup(); fmt.Println("host gone") },
	"host":     playHost,
}

// waitForever waits until a signal ends the process.
func waitForever() {
	never := make(chan os.Signal, 1)
	signal.Notify(never, os.Interrupt)
	for range never { // the tests send none
	}
}

func startGrandchild() {
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{roleEnv + "=wait", quickExit}
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		panic(err)
	}
}

// printStartup prints what the lifeline holds, until the end of the first line, or of the file if the role
// is "eof".
func printStartup() {
	r := bufio.NewReader(os.NewFile(4, "lifeline"))
	line, err := r.ReadString('\n')
	fmt.Printf("%s", line)
	if os.Getenv(roleEnv) == "eof" {
		_, err = io.Copy(io.Discard, r)
	}
	if err != nil {
		fmt.Println(err)
	}
}

// playHost starts a process with the role that its argument names, which shares its stdout, and waits.
func playHost() {
	_, err := proc.OS.Start(proc.Spec{
		Path: os.Args[0], Env: []string{roleEnv + "=" + os.Args[1], quickExit},
		Startup: []byte("hello"), Shutdown: os.Args[2] == "shutdown",
		StdoutFile: os.Stdout, StderrFile: os.Stderr,
	})
	if err != nil {
		panic(err)
	}
	if os.Getenv(startedEnv) != "" {
		os.NewFile(3, "started").Close()
	}
	waitForever()
}

// startedEnv has a host close its descriptor 3 once its process is started, and tied to it: the process itself may be faster.
const startedEnv = "TEST_STARTED"

// patience is the bound on everything that a test waits for: it is only met when the test fails.
const patience = 10 * time.Second

func role(name string, args ...string) proc.Spec {
	return proc.Spec{Path: os.Args[0], Args: args, Env: []string{roleEnv + "=" + name, quickExit}}
}

// start starts a process that is gone, with its group, when the test ends.
func start(t *testing.T, spec proc.Spec) proc.Process {
	t.Helper()
	p, err := proc.OS.Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Kill(); err != nil {
			t.Errorf("kill: %v", err)
		}
		await(t, p)
		p.Close()
	})
	return p
}

func await(t *testing.T, p proc.Process) proc.Exit {
	t.Helper()
	select {
	case <-p.Done():
	case <-time.After(patience):
		t.Fatalf("process %d did not end", p.PID())
	}
	return p.Exit()
}

// readAll reads to the end, which has to come.
func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	type result struct {
		b   []byte
		err error
	}
	read := make(chan result, 1) // one result
	go func() {
		b, err := io.ReadAll(r)
		read <- result{b, err}
	}()
	select {
	case res := <-read:
		if res.err != nil {
			t.Fatalf("read: %v", res.err)
		}
		return string(res.b)
	case <-time.After(patience):
		t.Fatal("the reader got no end")
		return ""
	}
}

// family is the read end of a pipe that every process of a group holds as its stdout: it ends when the
// last of them is gone.
type family struct {
	t *testing.T
	r *os.File
	b *bufio.Reader
	w *os.File
}

func newFamily(t *testing.T) *family {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	if err := r.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &family{t, r, bufio.NewReader(r), w}
}

// line closes our own write end and reads a line.
func (f *family) line() string {
	f.t.Helper()
	f.w.Close()
	line, err := f.b.ReadString('\n')
	if err != nil {
		f.t.Fatalf("read a line: %v", err)
	}
	return strings.TrimSuffix(line, "\n")
}

// gone waits until nobody holds the pipe, and says how long that took.
func (f *family) gone() time.Duration {
	f.t.Helper()
	f.w.Close()
	since := time.Now()
	if _, err := io.Copy(io.Discard, f.b); errors.Is(err, os.ErrDeadlineExceeded) {
		f.t.Fatal("some process of the group is still alive")
	} else if err != nil {
		f.t.Fatal(err)
	}
	return time.Since(since)
}
