package proc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-hotplug/hotplug/internal/regular"
)

// explainMissing says which of the files that a start needs is not there.
func explainMissing(spec Spec, err error) error {
	path := spec.resolved()
	if _, serr := os.Stat(spec.Dir); spec.Dir != "" && errors.Is(serr, fs.ErrNotExist) {
		return fmt.Errorf("its working directory %s does not exist: create it: %w", spec.Dir, err)
	}
	if _, serr := os.Stat(path); serr != nil {
		return fmt.Errorf("there is no such file: check the manifest's entry, or build it: %w", err)
	}
	if interp := interpreter(path); interp != "" {
		return fmt.Errorf("its first line asks for the interpreter %q, which does not exist: "+
			"install it or change that line: %w", interp, withoutPath(err))
	}
	return fmt.Errorf("the file exists, but the dynamic loader it needs does not: "+
		"build it for this system, or statically (for Go: CGO_ENABLED=0): %w", err)
}

// explainFormat says what a file is that this system cannot execute.
func explainFormat(spec Spec, platform string, err error) error {
	switch kind := fileKind(head(spec.resolved())); kind {
	case "":
		return fmt.Errorf("it is neither a program for %s nor a script with a #! line: "+
			"build it for %s; a script needs a #! line as its first line, such as #!/bin/sh: %w", platform, platform, withoutPath(err))
	default:
		return fmt.Errorf("it was built for another platform (it is %s, this is %s): build it for %s: %w",
			kind, platform, platform, withoutPath(err))
	}
}

// withoutPath is the system's error without the path, where the file itself is at fault: the path may be that of a copy, and whoever
// reads of it knows the file.
func withoutPath(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// explainDenied says which permission is missing.
func explainDenied(spec Spec, err error) error {
	path := spec.resolved()
	fi, serr := os.Stat(path)
	switch {
	case serr != nil:
		return fmt.Errorf("permission denied: this user may not enter its folder: %w", err)
	case fi.IsDir():
		return fmt.Errorf("it is a folder, a program was expected: name the file in the manifest's entry: %w", err)
	case fi.Mode()&0o111 == 0:
		return fmt.Errorf("permission denied: it is not executable (mode %v): chmod +x it: %w", fi.Mode().Perm(), err)
	}
	if spec.User != nil {
		for _, need := range []string{path, spec.Dir} {
			if at := spec.User.barrier(need); at != "" {
				return fmt.Errorf("permission denied: user %s may not enter or execute %s: change its mode or owner, or keep the files where that user may go: %w",
					spec.User.Name, at, withoutPath(err))
			}
		}
	}
	return fmt.Errorf("permission denied: this user may not execute it (mode %v), or its file system is mounted "+
		"noexec: change the mode, or keep the host's state on another file system: %w", fi.Mode().Perm(), err)
}

func (s Spec) resolved() string {
	if filepath.IsAbs(s.Path) || s.Dir == "" {
		return s.Path
	}
	return filepath.Join(s.Dir, s.Path)
}

// head is the beginning of a file, empty if it cannot be read.
func head(path string) []byte {
	f, err := regular.Open(path, os.O_RDONLY, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	b, _ := bufio.NewReaderSize(f, 256).Peek(256)
	return b
}

// interpreter is the program that a file's #! line names; empty if it has none.
func interpreter(path string) string {
	line, _, _ := bytes.Cut(head(path), []byte("\n"))
	rest, ok := bytes.CutPrefix(line, []byte("#!"))
	if !ok {
		return ""
	}
	// Fields would lose a carriage return, which is the usual reason why an interpreter "does not exist".
	name, _, _ := strings.Cut(strings.TrimLeft(string(rest), " \t"), " ")
	return name
}

// elfMachines names the machines of ELF headers after Go's architectures.
var elfMachines = map[byte]string{0x03: "386", 0x28: "arm", 0x3e: "amd64", 0xb7: "arm64", 0xf3: "riscv64", 0x15: "ppc64", 0x16: "s390x"}

// fileKind says what kind of program begins with these bytes; empty if none that is known.
func fileKind(b []byte) string {
	switch {
	case len(b) >= 20 && bytes.HasPrefix(b, []byte("\x7fELF")):
		machine := b[18] | b[19] // one of them is zero, whichever the byte order
		if name, ok := elfMachines[machine]; ok {
			return "an ELF program for " + name
		}
		return fmt.Sprintf("an ELF program for machine %#x", machine)
	case bytes.HasPrefix(b, []byte("\xcf\xfa\xed\xfe")), bytes.HasPrefix(b, []byte("\xca\xfe\xba\xbe")):
		return "a macOS program"
	case bytes.HasPrefix(b, []byte("MZ")):
		return "a Windows program"
	}
	return ""
}
