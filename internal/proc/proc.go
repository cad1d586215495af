package proc

import (
	"io"
	"os"
)

// StartupEnv is the environment variable that tells a process where its start-up line is: "fd:4", or the
// line itself where no descriptor can be inherited. Start sets it, and replaces what Spec.Env says, if
// Spec.Startup is not empty; otherwise it is left alone.
const StartupEnv = "HOTPLUG_STARTUP"

// MaxStartup is the limit on Spec.Startup in bytes, its final newline included. The line is written
// before anybody reads, so it has to fit into the pipe's buffer.
const MaxStartup = 32 << 10

// Spec says what to start and what it inherits. Path is required.
type Spec struct {
	// Path is the file to execute; it is not looked up in PATH. A relative one is relative to Dir.
	Path string
	// Source is the file that Path is a copy of, which errors name in its place; empty: Path.
	Source string
	// Args are the arguments after the program's name, which is always Path.
	Args []string
	// Env is the whole environment, each entry "KEY=value". Nothing is added from the host's own, except
	// StartupEnv. Of two entries with one key the later counts.
	Env []string
	// Dir is the working directory; empty means the host's.
	Dir string
	// Listener becomes descriptor 3. Nil leaves descriptor 3 closed. Start does not close it: the caller
	// does, as soon as Start has returned. An error where Inherits is false.
	Listener *os.File
	// Startup is one line for the process to read from its lifeline (descriptor 4); a newline is added if
	// it has none. At most MaxStartup bytes, without a newline inside.
	Startup []byte
	// Shutdown ties the process group to the host: it ends when the host does, or when Close is called.
	// See the package's text on the lifeline for what that takes on each system.
	Shutdown bool
	// StdoutFile and StderrFile, if set, become descriptors 1 and 2 in place of pipes; the matching reader
	// is then at its end at once. For processes that outlive their host. Start does not close them.
	StdoutFile, StderrFile *os.File
	// User is who the process runs as; nil: whoever the host runs as. Only root may start processes of others. Not on Windows.
	User *User
	// Limits are what the process may take. They hold from its program's first instruction on, so that what it forks
	// inherits them. One that the system cannot hold it to is no error: see Process.Unkept.
	Limits Limits
	// Log is told, before Start returns, of what concerns the host more than the process; nil: nobody wants to know.
	Log Logger
}

// A Logger takes a message and pairs of key and value.
type Logger interface {
	Debug(msg string, args ...any)
	Warn(msg string, args ...any)
}

type noLogger struct{}

func (noLogger) Debug(string, ...any) {}
func (noLogger) Warn(string, ...any)  {}

func (s Spec) log() Logger {
	if s.Log == nil {
		return noLogger{}
	}
	return s.Log
}

// A User is who a process runs as.
type User struct {
	Name     string // for errors
	Home     string // for nobody here: whoever makes the environment
	UID, GID uint32
	Groups   []uint32 // besides GID
}

// Limits are what a process may take of its machine. The zero value limits nothing.
type Limits struct {
	// Memory in bytes. Where the host has a control group that is its own to divide, it is what the process and all its descendants hold together,
	// and the kernel ends them all if that goes beyond; else it is what each of them has mapped to be written to (RLIMIT_DATA), plus 128 MiB and 16 MiB for
	// each CPU, since much of that is never touched, and an allocation beyond it fails. What is mapped to be shared does not count then.
	Memory int64
	// OpenFiles is how many descriptors each of its processes may have open.
	OpenFiles int
}

// A Process is one started process and its process group. Its methods may be called from any goroutine,
// any number of times. Callers must call Close once they are done with it.
type Process interface {
	// PID is the process id of the leader, and, except on Windows, the id of its process group.
	PID() int
	// Identity names the process for another host, also when this one is gone.
	Identity() Identity
	// Stdout and Stderr are the host's ends of the output pipes, each for one reader at a time. A reader
	// gets everything that was in the pipe when the leader ended, and then io.EOF a short grace (100 ms)
	// later even if a descendant keeps the pipe open. Close unblocks a reader with os.ErrClosed.
	// Somebody has to read them: a process whose pipe is full blocks.
	Stdout() io.ReadCloser
	Stderr() io.ReadCloser
	// Terminate asks every process of the group to end (SIGTERM). Nil if none is left. A stopped process
	// acts on it when it is continued. On Windows there is no such request: errors.ErrUnsupported.
	Terminate() error
	// Kill ends every process of the group (SIGKILL), also when the leader is gone already. Nil if none
	// is left. It does not wait: Done does. After Close and the leader's end it does nothing.
	Kill() error
	// Done is closed when the leader has ended and was reaped. Descendants may still run.
	Done() <-chan struct{}
	// Exit says how the leader ended. Valid once Done is closed; the zero Exit before.
	Exit() Exit
	// Unkept is why the process is not held to some of the Spec's Limits, or not from its program's first instruction on. It does not change. Nil of a process
	// that Find has found: it goes on with what it has.
	Unkept() []error
	// Usage is what the leader takes of the machine now; false where the system does not tell, or the leader has ended.
	Usage() (Usage, bool)
	// Close closes the lifeline and both pipes. It does not wait for the process, which goes on if it
	// can: with Spec.Shutdown closing is a kill, and a process that writes to a closed pipe gets
	// SIGPIPE. The goroutine that reaps the leader stays until there is something to reap.
	Close()
}

// A Starter starts processes. OS is the real one.
type Starter interface {
	// Start starts a process. Its error is a sentence that names the file, what was found and what to do;
	// it wraps the system's error, so errors.Is works on fs.ErrNotExist and the like. "Text file busy" is
	// tried again for up to 100 ms; nothing else is. Nothing is left behind after an error.
	Start(Spec) (Process, error)
	// Find returns a process that another host has started and that outlives it. Its streams are at their end at once, its Exit has no
	// status (Lost is ErrElsewhere) and the time of Find for its start, and Close leaves it as it is. A process is found, and signalled, only as long as it
	// is the one that was started then: errors.Is(err, ErrGone) if it is not. Where the system does not tell: errors.ErrUnsupported.
	Find(Identity) (Process, error)
}

// OS starts processes of the operating system.
var OS Starter = osStarter{}
