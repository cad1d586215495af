//go:build linux

package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/proc"
)

// programs are the errors of starting a process.
func (c *chapter) programs(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	put := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		mustDo(t, os.WriteFile(path, []byte(content), mode))
		return path
	}
	for _, spec := range []proc.Spec{
		{Path: "/bin/true", Dir: filepath.Join(dir, "nowhere")},
		{Path: filepath.Join(dir, "nothing")},
		{Path: put("script", "#!/no/such/sh\n", 0o755)},
		{Path: put("text", "echo\n", 0o755)},
		{Path: put("arm", string(armProgram()), 0o755)},
		{Path: otherLoader(t, dir)},
		{Path: dir},
		{Path: put("mode", "#!/bin/sh\n", 0o644)},
		{Path: "/bin/true", Args: []string{strings.Repeat("x", 4<<20)}},
		{Path: "/bin/true", Startup: make([]byte, proc.MaxStartup+1)},
	} {
		p, err := proc.OS.Start(spec)
		if err == nil {
			<-p.Done()
		}
		c.meets(err)
	}
	c.meets(beingWritten(t, put("busy", "#!/bin/sh\n", 0o755)))
}

// beingWritten is the error of a file that somebody has open for writing.
func beingWritten(t *testing.T, path string) error {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	mustDo(t, err)
	defer f.Close()
	_, err = proc.OS.Start(proc.Spec{Path: path})
	return err
}
