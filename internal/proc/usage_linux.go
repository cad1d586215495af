package proc

import (
	"bytes"
	"os"
	"strconv"
	"sync"
	"time"
)

// ticks are the clock ticks of a second in which the kernel counts CPU time for user space: USER_HZ, which is 100 on every architecture that Go runs on.
const ticks = 100

// Fields of /proc/PID/stat behind the command name, which may hold anything and ends with the last parenthesis. See proc_pid_stat(5).
const (
	fieldUser     = 14 - 3
	fieldSystem   = 15 - 3
	fieldStart    = 22 - 3
	fieldResident = 24 - 3
)

// usageOf reads what the kernel tells of a process that was not reaped; false if it tells nothing.
func usageOf(pid int) (Usage, bool) {
	dir := "/proc/" + strconv.Itoa(pid)
	fields := statOf(dir)
	if fields == nil {
		return Usage{}, false
	}
	number := func(field int) int64 { n, _ := strconv.ParseInt(string(fields[field]), 10, 64); return n }
	u := Usage{
		Memory: number(fieldResident) * int64(os.Getpagesize()),
		CPU:    time.Duration(number(fieldUser)+number(fieldSystem)) * (time.Second / ticks),
	}
	if open, err := os.ReadDir(dir + "/fd"); err == nil {
		u.Descriptors = len(open)
	}
	return u, true
}

// statOf is the fields of a process's stat file; nil if it cannot be read.
func statOf(dir string) [][]byte {
	text, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return nil
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) <= fieldResident {
		return nil
	}
	return fields
}

// boot names this run of the system, in which ticks are counted.
var boot = sync.OnceValue(func() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return string(bytes.TrimSpace(id))
})

// startOf is when a process was started; empty if there is none, or it cannot be told.
func startOf(pid int) string {
	fields := statOf("/proc/" + strconv.Itoa(pid))
	if fields == nil || boot() == "" {
		return ""
	}
	return boot() + "/" + string(fields[fieldStart])
}
