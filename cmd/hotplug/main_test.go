package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// built is the folder with the sample plugins' programs, made once for all tests.
var built string

// asCommand has the tests' program be the command: for hosts that are killed.
const asCommand = "HOTPLUG_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	flag.Parse()
	os.Exit(prepared(m))
}

func prepared(m *testing.M) int {
	dir, err := os.MkdirTemp("", "hotplug-command-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	built = filepath.Join(dir, "bin")
	const samples = "github.com/go-hotplug/hotplug/sample-plugins/"
	args := []string{"build", "-o", built + string(filepath.Separator), samples + "counter", samples + "crasher", samples + "highlight", samples + "markdown", "github.com/go-hotplug/hotplug/e2e/internal/oddity"}
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go %s: %v\n%s", strings.Join(args, " "), err, out)
		return 1
	}
	cache, err := exec.Command("go", "env", "GOCACHE").Output() // stays where it is, though the user's cache moves
	if err != nil {
		fmt.Fprintf(os.Stderr, "go env GOCACHE: %v\n", err)
		return 1
	}
	sockets := filepath.Join(dir, "run")
	if err := os.Mkdir(sockets, 0o700); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for name, value := range map[string]string{"XDG_RUNTIME_DIR": sockets, "GOCACHE": strings.TrimSpace(string(cache)), "XDG_CACHE_HOME": filepath.Join(dir, "cache"), "NO_COLOR": "", "TERM": "xterm"} {
		os.Setenv(name, value)
	}
	return m.Run()
}

func exe(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}

// A shelf is a plugins folder.
type shelf struct {
	t   *testing.T
	dir string
}

func newShelf(t *testing.T) *shelf { return &shelf{t, filepath.Join(t.TempDir(), "plugins")} }

// file writes a file and returns its path.
func (s *shelf) file(rel, content string, mode os.FileMode) string {
	s.t.Helper()
	path := filepath.Join(s.dir, filepath.FromSlash(rel))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// sample installs a sample plugin; more are further keys of its manifest.
func (s *shelf) sample(name string, more ...string) *shelf {
	s.t.Helper()
	return s.sampleAs(name, name, "1.0.0", more...)
}

// sampleAs installs a sample plugin in a folder of its own, in a version.
func (s *shelf) sampleAs(folder, name, version string, more ...string) *shelf {
	s.t.Helper()
	program, err := os.ReadFile(filepath.Join(built, exe(name)))
	if err != nil {
		s.t.Fatal(err)
	}
	s.file(folder+"/"+exe(name), string(program), 0o755)
	more = append(more, `"permissions": {"calls": ["*"]}`) // tests that mean others write the manifest themselves
	s.file(folder+"/plugin.json", manifestText(name, version, exe(name), more...), 0o644)
	return s
}

func manifestText(name, version, entry string, more ...string) string {
	keys := append([]string{`"manifest": 1`, fmt.Sprintf(`"name": %q`, name), fmt.Sprintf(`"version": %q`, version), fmt.Sprintf(`"entry": %q`, entry)}, more...)
	return "{\n  " + strings.Join(keys, ",\n  ") + "\n}\n"
}

// A session is one run of the command.
type session struct {
	out, err string
	code     int
}

func (s session) String() string {
	return fmt.Sprintf("exit %d\nstdout:\n%s\nstderr:\n%s", s.code, s.out, s.err)
}

// command runs the command, without a terminal.
func command(t *testing.T, args ...string) session {
	t.Helper()
	return on(t, streams{in: strings.NewReader("")}, args...)
}

// atTerminal runs the command, with one.
func atTerminal(t *testing.T, args ...string) session {
	t.Helper()
	return on(t, streams{in: strings.NewReader(""), outTerminal: true, errTerminal: true}, args...)
}

func on(t *testing.T, s streams, args ...string) session {
	t.Helper()
	return within(t.Context(), s, args...)
}

func within(ctx context.Context, s streams, args ...string) session {
	var out, err bytes.Buffer
	s.out, s.err = &out, &err
	code := run(ctx, args, s)
	return session{out.String(), err.String(), code}
}

// exits checks the exit code.
func (s session) exits(t *testing.T, code int) session {
	t.Helper()
	if s.code != code {
		t.Fatalf("want exit code %d, got %s", code, s)
	}
	return s
}

// complains checks that stdout is empty and stderr holds texts, without usage.
func (s session) complains(t *testing.T, texts ...string) {
	t.Helper()
	if s.out != "" || strings.Contains(s.err, "Usage:") {
		t.Errorf("want an error on stderr and nothing else, got %s", s)
	}
	for _, text := range texts {
		if !strings.Contains(s.err, text) {
			t.Errorf("stderr lacks %q: %s", text, s)
		}
	}
}

var buildText = regexp.MustCompile(`github\.com/go-hotplug/hotplug/sample-plugins@[^\s"]+`)

// golden compares with testdata/NAME.golden; what differs from run to run is replaced.
func golden(t *testing.T, name, got string, places ...string) {
	t.Helper()
	for _, p := range places {
		got = strings.ReplaceAll(got, p, "$DIR")
	}
	got = buildText.ReplaceAllString(got, "$$BUILD")
	got = strings.ReplaceAll(got, runtime.GOOS+"/"+runtime.GOARCH, "$PLATFORM")
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs.\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

// indented is one JSON document as golden files have it.
func indented(t *testing.T, s session) string {
	t.Helper()
	if strings.Count(s.out, "\n") != 1 {
		t.Errorf("want one line of JSON where there is no terminal, got %s", s)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(s.out), "", "  "); err != nil {
		t.Fatalf("%v: %s", err, s)
	}
	return b.String()
}

// decoded reads the one JSON document on stdout.
func decoded[T any](t *testing.T, s session) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(s.out), &v); err != nil {
		t.Fatalf("%v: %s", err, s)
	}
	return v
}
