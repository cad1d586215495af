package registry

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/go-hotplug/hotplug/internal/regular"
)

// peekSize is how much of an entry is read to tell what it is.
const peekSize = 4096

// checkFormat refuses what the kernel would refuse with a riddle ("exec format error", "no such file or directory").
func (e *Entry) checkFormat(p *policy) error {
	head, err := peek(e.EntryPath)
	if err != nil {
		return fmt.Errorf("entry %s cannot be read, and a host has to copy it: change its mode or owner: %w", e.EntryRel, plain(err))
	}
	here := p.goos + "/" + p.goarch
	if bytes.HasPrefix(head, []byte("#!")) {
		return e.checkScript(head, p)
	}
	built := builtFor(head, p.goos)
	switch {
	case built == "" && p.goos != "windows":
		e.Warnings = append(e.Warnings, fmt.Sprintf("entry %s is neither a known kind of binary nor a script that begins with #!, so it may not start: a script needs a #! line as its first line, such as #!/bin/sh", e.EntryRel))
	case built != "" && !runsOn(built, here):
		return fmt.Errorf("entry %s is built for %s, this host is %s: install a build for this platform", e.EntryRel, built, here)
	}
	return nil
}

func peek(path string) ([]byte, error) {
	f, err := regular.Open(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, peekSize))
}

// checkScript looks for the interpreter that the first line names.
func (e *Entry) checkScript(head []byte, p *policy) error {
	if p.goos == "windows" {
		return nil // goes by the extension, not by the first line
	}
	line, _, _ := strings.Cut(string(head[2:]), "\n")
	words := strings.Fields(line)
	if len(words) == 0 {
		return fmt.Errorf("entry %s begins with #! and names no interpreter, want a line such as #!/bin/sh", e.EntryRel)
	}
	if strings.HasSuffix(line, "\r") {
		return fmt.Errorf("entry %s has a first line that ends in CR LF, so its interpreter is not found: save it with LF line ends", e.EntryRel)
	}
	if !filepath.IsAbs(words[0]) {
		return fmt.Errorf("entry %s names the interpreter %s, want an absolute path such as /bin/sh", e.EntryRel, words[0])
	}
	if _, err := os.Stat(words[0]); err != nil {
		return fmt.Errorf("entry %s is a script for the interpreter %s, which does not exist here: %w", e.EntryRel, words[0], plain(err))
	}
	return e.checkEnvScript(words)
}

// checkEnvScript looks for what /usr/bin/env would look for, unless the manifest gives the plugin a PATH of its own.
func (e *Entry) checkEnvScript(words []string) error {
	if filepath.Base(words[0]) != "env" || e.Manifest.Env.Set["PATH"] != "" {
		return nil
	}
	for _, w := range words[1:] {
		if strings.HasPrefix(w, "-") || strings.Contains(w, "=") {
			continue
		}
		if _, err := exec.LookPath(w); err != nil {
			return fmt.Errorf("entry %s is a script for the interpreter %s, which is not on the host's PATH", e.EntryRel, w)
		}
		return nil
	}
	return nil
}
