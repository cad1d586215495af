package leftovers

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Running are the processes that have a variable which names a folder, or one below, by the process table: whosever children they are by now. Where the
// system has no /proc they are none.
func Running(variable, folder string) (pids []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		environment, _ := os.ReadFile(file)
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err == nil && names(string(environment), variable, folder) && Alive(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// names reports whether in an environment, as the system shows it, a variable names a folder or one below.
func names(environment, variable, folder string) bool {
	for assignment := range strings.SplitSeq(environment, "\x00") {
		if value, ok := strings.CutPrefix(assignment, variable+"="); ok && (value == folder || strings.HasPrefix(value, folder+"/")) {
			return true
		}
	}
	return false
}

// Children are this process's own, also those that have ended and were not reaped.
func Children() (pids []int) {
	files, _ := filepath.Glob("/proc/self/task/*/children")
	for _, file := range files {
		text, _ := os.ReadFile(file)
		for _, field := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// Alive reports whether a process runs: one that has ended and was not reaped does not.
func Alive(pid int) bool {
	state, _ := Stat(pid)
	return state != "" && state != "Z" && state != "X"
}

// Stat is what a process does and whose child it is, where the system has /proc.
func Stat(pid int) (state string, parent int) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", 0
	}
	var id int
	var name string
	_, _ = fmt.Sscan(string(text), &id, &name, &state, &parent)
	return state, parent
}

// FilesIn counts what is below a folder.
func FilesIn(dir string) (sockets, others int) {
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil || path == dir:
		case e.Type() == fs.ModeSocket:
			sockets++
		default:
			others++
		}
		return nil
	})
	return sockets, others
}
