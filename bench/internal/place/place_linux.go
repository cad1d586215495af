package place

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Available lists the placements that this machine has room for.
func Available() []Placement {
	if len(cores()) < 2 {
		return []Placement{OneCore, Free}
	}
	return []Placement{OneCore, OneCoreEach, Free}
}

// cores are the numbers of those that this process may use.
func cores() (numbers []int) {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return nil
	}
	for i := 0; len(numbers) < set.Count(); i++ {
		if set.IsSet(i) {
			numbers = append(numbers, i)
		}
	}
	return numbers
}

// Start starts a measuring process with a placement: its runtime finds as many cores as it may use.
func Start(cmd *exec.Cmd, p Placement) error {
	mine := cores()
	if p == Free || len(mine) == 0 {
		return cmd.Start()
	}
	if p == OneCoreEach && len(mine) > 1 {
		cmd.Env = append(cmd.Environ(), CoreEnv+"="+strconv.Itoa(mine[1]))
	}
	runtime.LockOSThread() // a child inherits the cores of the thread that starts it
	defer runtime.UnlockOSThread()
	var before, one unix.CPUSet
	one.Set(mine[0])
	err := unix.SchedGetaffinity(0, &before)
	if err == nil {
		err = unix.SchedSetaffinity(0, &one)
	}
	if err != nil {
		return os.NewSyscallError("sched_setaffinity", err)
	}
	return errors.Join(cmd.Start(), os.NewSyscallError("sched_setaffinity", unix.SchedSetaffinity(0, &before)))
}

// moveTo moves every thread of this process, until no thread is new: those that start later inherit from one that has been moved.
func moveTo(core int) error {
	var set unix.CPUSet
	set.Set(core)
	for moved := map[string]bool{}; ; {
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		before := len(moved)
		for _, task := range tasks {
			if moved[task.Name()] {
				continue
			}
			moved[task.Name()] = true
			id, err := strconv.Atoi(task.Name())
			if err == nil {
				err = unix.SchedSetaffinity(id, &set)
			}
			if err != nil && !errors.Is(err, unix.ESRCH) && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if len(moved) == before {
			return nil
		}
	}
}

// CPUTime is what all threads of a process have used, also those that have ended.
func CPUTime(pid int) (time.Duration, error) {
	const scheduler = 2 // CPUCLOCK_SCHED of linux/posix-timers.h; a clock of a process is the complement of its id, shifted
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduler), &ts); err != nil {
		return 0, os.NewSyscallError("clock_gettime", err)
	}
	return time.Duration(ts.Nano()), nil
}

// Memory is the resident set of a process in bytes.
func Memory(pid int) (int64, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0, err
	}
	var size, resident int64
	_, err = fmt.Sscan(string(text), &size, &resident)
	return resident * int64(os.Getpagesize()), err
}

// Processor is the model of the first core.
func Processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if name, model, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(model)
		}
	}
	return runtime.GOARCH
}

// Kernel is the system's name and release.
func Kernel() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return runtime.GOOS
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}
