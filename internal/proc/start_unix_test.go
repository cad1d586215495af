//go:build unix

package proc_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/proc"
)

func TestStartupLineReachesTheProcessWhateverItsLength(t *testing.T) {
	for name, data := range map[string]string{
		"short":            `{"socket":"/run/x"}`,
		"with its newline": "{}\n",
		"longest":          strings.Repeat("x", proc.MaxStartup-1),
	} {
		t.Run(name, func(t *testing.T) {
			spec := role("startup")
			spec.Startup, spec.Shutdown = []byte(data), true
			p := start(t, spec)
			want := strings.TrimSuffix(data, "\n") + "\n"
			if got := readAll(t, p.Stdout()); got != want {
				t.Errorf("the process read %d bytes %.40q, want %d bytes %.40q", len(got), got, len(want), want)
			}
		})
	}
}

func TestStartRefusesAStartupLineThatCannotBeWritten(t *testing.T) {
	for name, c := range map[string]struct{ data, want string }{
		"too long":       {strings.Repeat("x", proc.MaxStartup), "has 32769 bytes, at most 32768 fit"},
		"newline inside": {"a\nb", "has to be one line"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := role("startup")
			spec.Startup = []byte(c.data)
			_, err := proc.OS.Start(spec)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("err = %v, want one that says %q", err, c.want)
			}
		})
	}
}

func TestStartGivesArgumentsAndExactlyTheEnvironmentAskedFor(t *testing.T) {
	t.Setenv("HOST_SECRET", "1")
	spec := role("args", "a b", "")
	spec.Env = append(spec.Env, "KEY=old", "KEY=new", proc.StartupEnv+"=stale")
	spec.Startup = []byte("{}")
	if got, want := readAll(t, start(t, spec).Stdout()), `["a b" ""] "new" fd:4`; got != want {
		t.Errorf("the process saw %s, want %s", got, want)
	}

	sh := proc.Spec{Path: "/bin/sh", Args: []string{"-c", "echo [$HOST_SECRET]"}}
	if got := readAll(t, start(t, sh).Stdout()); got != "[]\n" {
		t.Errorf("with no Env the process saw the host's: %s", got)
	}
}

func TestStandardInputIsEmpty(t *testing.T) {
	if got, want := readAll(t, start(t, role("stdin")).Stdout()), `"" <nil>`; got != want {
		t.Errorf("stdin: %s, want %s", got, want)
	}
}

func TestOutputFilesReplaceThePipes(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	p := start(t, proc.Spec{Path: "/bin/sh", Args: []string{"-c", "echo out; echo err >&2"}, StdoutFile: file, StderrFile: file})
	for name, r := range map[string]io.Reader{"stdout": p.Stdout(), "stderr": p.Stderr()} {
		if got := readAll(t, r); got != "" {
			t.Errorf("%s gave %q, want its end at once", name, got)
		}
	}
	await(t, p)
	got, err := os.ReadFile(file.Name())
	if err != nil || string(got) != "out\nerr\n" {
		t.Errorf("the file holds %q, %v", got, err)
	}
	if _, err := file.WriteString("still open"); err != nil {
		t.Errorf("Start closed the caller's file: %v", err)
	}
}

func TestStartErrorsAreSentences(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	foreign := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\x16\x00" + strings.Repeat("\x00", 100)
	for name, c := range map[string]struct {
		spec proc.Spec
		want string
	}{
		"no path":           {proc.Spec{}, "Spec.Path is empty"},
		"no file":           {proc.Spec{Path: filepath.Join(dir, "absent")}, "there is no such file"},
		"no interpreter":    {proc.Spec{Path: file("interp", "#! /no/such/python -u\n", 0o700)}, `the interpreter "/no/such/python", which does not exist`},
		"carriage return":   {proc.Spec{Path: file("crlf", "#!/bin/sh\r\nexit\r\n", 0o700)}, `the interpreter "/bin/sh\r"`},
		"other platform":    {proc.Spec{Path: file("foreign", foreign, 0o700)}, "it was built for another platform (it is an ELF program for s390x, this is "},
		"windows program":   {proc.Spec{Path: file("x.exe", "MZ\x90\x00", 0o700)}, "it is a Windows program"},
		"no #! line":        {proc.Spec{Path: file("text", "echo hello\n", 0o700)}, "nor a script with a #! line"},
		"not executable":    {proc.Spec{Path: file("plain", "#!/bin/sh\n", 0o600)}, "it is not executable (mode -rw-------): chmod +x it"},
		"a folder":          {proc.Spec{Path: dir}, "it is a folder"},
		"no working folder": {proc.Spec{Path: "/bin/sh", Dir: filepath.Join(dir, "gone")}, "gone does not exist: create it"},
		"long arguments":    {proc.Spec{Path: "/bin/sh", Args: []string{strings.Repeat("x", 4<<20)}}, "too long together"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := proc.OS.Start(c.spec)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("err = %v\nwant one that says %q", err, c.want)
			}
			if !strings.Contains(err.Error(), "start "+c.spec.Path) {
				t.Errorf("err = %v: it does not name the file", err)
			}
		})
	}
}

func TestStartNamesTheSourceOfACopy(t *testing.T) {
	dir := t.TempDir()
	for content, want := range map[string]string{"echo hello\n": "nor a script with a #! line", "#!/no/such/sh\n": "does not exist"} {
		path := filepath.Join(dir, "copy")
		if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
		_, err := proc.OS.Start(proc.Spec{Path: path, Source: "/plugins/p/run"})
		if err == nil || !strings.HasPrefix(err.Error(), "start /plugins/p/run: ") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), path) {
			t.Errorf("err = %v\nwant one of /plugins/p/run that says %q", err, want)
		}
	}
}

func TestStartNamesAMissingDynamicLoader(t *testing.T) {
	program, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(program, []byte("/ld-linux")) {
		t.Skip("/bin/sh needs no dynamic loader here")
	}
	path := filepath.Join(t.TempDir(), "sh")
	if err := os.WriteFile(path, bytes.Replace(program, []byte("/ld-linux"), []byte("/no-linux"), 1), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = proc.OS.Start(proc.Spec{Path: path})
	if err == nil || !strings.Contains(err.Error(), "the dynamic loader it needs does not") {
		t.Errorf("err = %v", err)
	}
}
