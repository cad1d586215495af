package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// running are the processes of plugins that write their records in a folder or below, by the process table: whosever children they are by now. Where
// the system has no /proc they are none.
func running(records string) (pids []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		environment, _ := os.ReadFile(file)
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err == nil && writesIn(string(environment), records) && alive(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// writesIn reports whether an environment, as the system shows it, is that of a plugin with its records in a folder or below.
func writesIn(environment, records string) bool {
	for variable := range strings.SplitSeq(environment, "\x00") {
		if folder, ok := strings.CutPrefix(variable, recordsEnv+"="); ok && (folder == records || strings.HasPrefix(folder, records+"/")) {
			return true
		}
	}
	return false
}

// children are this process's own, also those that have ended and were not reaped.
func children() (pids []int) {
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

// alive reports whether a process runs: one that has ended and was not reaped does not.
func alive(pid int) bool {
	state, _ := stat(pid)
	return state != "" && state != "Z" && state != "X"
}

// stat is what a process does and whose child it is, where the system has /proc.
func stat(pid int) (state string, parent int) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", 0
	}
	var id int
	var name string
	_, _ = fmt.Sscan(string(text), &id, &name, &state, &parent)
	return state, parent
}

// filesIn counts what is below a folder.
func filesIn(dir string) (sockets, others int) {
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
