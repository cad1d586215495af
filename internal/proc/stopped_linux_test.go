package proc_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/go-hotplug/hotplug/internal/asroot"
	"github.com/go-hotplug/hotplug/internal/proc"
)

// lag has this thread run only when nothing else wants to, on one CPU, and what it starts on that CPU at once: a start has hardly returned before that has ended.
func lag() {
	runtime.LockOSThread()
	var one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &one); err != nil {
		panic(err)
	}
	for cpu := 0; one.Count() > 1; cpu++ {
		one.Clear(cpu)
	}
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		panic(err)
	}
	if err := unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: schedIdle, Flags: resetOnFork}, 0); err != nil {
		panic(err)
	}
}

// Of sched(7).
const (
	schedIdle   = 5 // SCHED_IDLE
	resetOnFork = 1 // SCHED_FLAG_RESET_ON_FORK
)

func TestLimitsHoldBeforeTheProgramsFirstInstructionForAllThatItForks(t *testing.T) {
	for name, args := range map[string][]string{
		"a script":              {"-c", "ulimit -Sn; ulimit -Hn"},
		"a wrapper that forks":  {"-c", `"$@"; exit $?`, "wrapper", "/bin/sh", "-c", "ulimit -Sn; ulimit -Hn"},
		"a child that it forks": {"-c", "(ulimit -Sn; ulimit -Hn)& wait"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, want := limiting(t, "limiting-lagging", nil, append([]string{"/bin/sh"}, args...)...), "33\n33\nexit status 0 []\n"; got != want {
				t.Errorf("it says %s\nwant    %s", got, want)
			}
		})
	}
}

func TestAProgramThatCannotRunIsTheSameErrorWithLimits(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, path := range map[string]string{
		"none":           filepath.Join(dir, "none"),
		"not executable": file("plain", "#!/bin/sh\n", 0o644),
		"no program":     file("text", "hello\n", 0o755),
		"no interpreter": file("script", "#!/no/such/shell\n", 0o755),
		"a folder":       dir,
	} {
		t.Run(name, func(t *testing.T) {
			_, want := proc.OS.Start(proc.Spec{Path: path})
			_, got := proc.OS.Start(proc.Spec{Path: path, Limits: proc.Limits{OpenFiles: 33}})
			if got == nil || want == nil || got.Error() != want.Error() {
				t.Errorf("with limits:    %v\nwithout limits: %v", got, want)
			}
		})
	}
}

// playLimiting starts what its arguments name with a limit of 33 descriptors, and says how that went.
func playLimiting(user *proc.User) {
	p, err := proc.OS.Start(proc.Spec{Path: os.Args[1], Args: os.Args[2:], StdoutFile: os.Stdout, StderrFile: os.Stderr, User: user, Limits: proc.Limits{OpenFiles: 33}})
	if err != nil {
		panic(err)
	}
	<-p.Done()
	fmt.Println(p.Exit(), p.Unkept())
	p.Close()
}

// forbidPtrace makes ptrace(2) end in what a filter of seccomp returns.
func forbidPtrace(action uint32) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		panic(err)
	}
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the call's number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_PTRACE, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: action},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		panic(errno)
	}
}

func init() {
	roles["limiting"] = func() { playLimiting(nil) }
	roles["death-signal"] = func() {
		var signal int32
		_, _, _ = unix.RawSyscall(unix.SYS_PRCTL, unix.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&signal)), 0)
		fmt.Println(signal)
		waitForever()
	}
	roles["limiting-lagging"] = func() { lag(); playLimiting(nil) }
	roles["limiting-nobody"] = func() { playLimiting(nobody) }
	roles["limiting-refused"] = func() { forbidPtrace(unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)); playLimiting(nil) }
	roles["limiting-ended"] = func() { forbidPtrace(unix.SECCOMP_RET_KILL_PROCESS); playLimiting(nil); playLimiting(nil) }
}

func TestALimitIsKeptLateAndSaysSoWhereNothingMayBeTraced(t *testing.T) {
	const late = "exit status 0 [limits.openFiles 33 is kept late: its process could not be stopped at its start: ptrace: "
	for role, want := range map[string]string{
		"limiting-refused": late + "operation not permitted]\n",
		"limiting-ended":   strings.Repeat(late+"a rule of seccomp forbids it]\n", 2),
	} {
		t.Run(role, func(t *testing.T) {
			if !proc.DiesAlone() {
				t.Skip("this kernel is older than Linux 5.16")
			}
			if got := limiting(t, role, nil, "/bin/true"); got != want {
				t.Errorf("it says %s\nwant    %s", got, want)
			}
		})
	}
}

func TestUnderSeccompAnOldKernelIsNotAsked(t *testing.T) {
	for release, want := range map[string]bool{"5.15.0-91-generic": false, "4.19": false, "5.16": true, "6.1.0-rc1": true, "strange": false} {
		if got := proc.DumpsAlone(release); got != want {
			t.Errorf("%s: %t", release, got)
		}
	}
}

// limiting plays a host that limits what it starts, under another program.
func TestAProcessWithLimitsEndsWithItsHostHoweverEarlyAndNotWithAThread(t *testing.T) {
	for name, c := range map[string]struct {
		shutdown bool
		want     string
	}{
		"ends with its host": {true, "9"}, // SIGKILL
		"goes on without it": {false, "0"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := role("death-signal")
			spec.Limits, spec.Shutdown = proc.Limits{OpenFiles: 33}, c.shutdown
			started := make(chan proc.Process, 1)
			go func() {
				runtime.LockOSThread() // the thread ends with this goroutine
				p, err := proc.OS.Start(spec)
				if err != nil {
					t.Error(err)
				}
				started <- p
			}()
			p := <-started
			defer p.Close()
			out, err := bufio.NewReader(p.Stdout()).ReadString('\n')
			if err != nil || out != c.want+"\n" {
				t.Errorf("%q, %v; want %s", out, err, c.want)
			}
			if err := p.Kill(); err != nil {
				t.Error(err)
			}
			if got := await(t, p).String(); got != "killed by SIGKILL" {
				t.Errorf("exit: %s", got)
			}
		})
	}
}

func limiting(t *testing.T, role string, under []string, args ...string) string {
	t.Helper()
	line := append(append(under, os.Args[0]), args...)
	path, err := exec.LookPath(line[0])
	if err != nil {
		t.Skip(err)
	}
	cmd := exec.Command(path, line[1:]...)
	cmd.Env = []string{roleEnv + "=" + role, quickExit, "PATH=" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// powerless starts programs without the right to change limits of others.
var powerless = []string{"setpriv", "--bounding-set", "-sys_resource"}

func TestAWrapperThatChangesItsUserIsNoReasonToWarn(t *testing.T) {
	asroot.Need(t, "only root changes its user")
	setpriv, err := exec.LookPath("setpriv")
	if err != nil {
		t.Skip(err)
	}
	got := limiting(t, "limiting", powerless, setpriv, "--reuid", "65534", "--regid", "65534", "--clear-groups", "/bin/sh", "-c", "id -u; ulimit -Hn")
	if want := "65534\n33\nexit status 0 []\n"; got != want {
		t.Errorf("it says %s\nwant    %s", got, want)
	}
}

func TestARootWithoutPowerOverLimitsSaysWhichOfAnotherUserItDoesNotKeep(t *testing.T) {
	asroot.Need(t, "only root starts processes of other users")
	got := limiting(t, "limiting-nobody", powerless, "/bin/true")
	if want := "exit status 0 [limits.openFiles 33 is not kept: prlimit: operation not permitted]\n"; got != want {
		t.Errorf("it says %s\nwant    %s", got, want)
	}
}

func TestAProgramKeepsTheRightsThatItsFileGivesIt(t *testing.T) {
	path := forAll(t)
	if err := os.Chmod(path, 0o755|os.ModeSetuid); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(filepath.Dir(path), "link")
	if err := os.Symlink("program", link); err != nil {
		t.Fatal(err)
	}
	spec := role("who")
	spec.Path, spec.User, spec.Limits.OpenFiles = link, nobody, 33
	p := start(t, spec)
	if got, want := readAll(t, p.Stdout()), "65534 0 65534 65534 [65533] <nil>"; got != want {
		t.Errorf("it is %s, want %s", got, want)
	}
	if got := p.Unkept(); len(got) != 1 { // late, or not at all if this user may not limit that one
		t.Errorf("not kept: %v", got)
	}
}
