package newcomer

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/go-hotplug/hotplug/internal/document"
)

// A Newcomer follows a document in a folder of their own.
type Newcomer struct {
	// Dir is where the next command runs; commands change it.
	Dir string
	env []string
	at  string // the file in which a shell leaves its folder
}

// New prepares a newcomer in dir, an empty folder, with the checkout at root as the latest release. What the go command builds is kept in
// cache, a folder that need not exist. Both paths are absolute.
func New(dir, root, cache string) (*Newcomer, error) {
	modules, err := goEnv("GOMODCACHE")
	if err != nil {
		return nil, err
	}
	others, err := goEnv("GOPROXY")
	if err != nil {
		return nil, err
	}
	n := &Newcomer{Dir: filepath.Join(dir, "work"), at: filepath.Join(dir, "at")}
	home, proxy := filepath.Join(dir, "home"), filepath.Join(dir, "proxy")
	for _, d := range []string{n.Dir, home} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, err
		}
	}
	if err := publish(root, proxy); err != nil {
		return nil, fmt.Errorf("publish %s: %w", root, err)
	}
	n.env = append(os.Environ(),
		"HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"), "PATH="+filepath.Join(home, "go", "bin")+string(os.PathListSeparator)+os.Getenv("PATH"),
		"GOENV=off", "GOWORK=", "GOPATH="+filepath.Join(home, "go"), "GOMODCACHE=", "GOBIN=", "GOCACHE="+cache, "GOTOOLCHAIN=local",
		"GOPROXY="+strings.Join([]string{fileURL(proxy), fileURL(filepath.Join(modules, "cache", "download")), others}, ","),
		"GOSUMDB=off", "GOFLAGS=-modcacherw -trimpath", "NEWCOMER_AT="+n.at)
	return n, nil
}

func goEnv(name string) (string, error) {
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		return "", fmt.Errorf("go env %s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}

func fileURL(path string) string { return "file://" + filepath.ToSlash(path) }

// Do writes a step's file, or types its command and returns what it printed on stdout. The error of a command has all that it printed, or
// says what it was expected to print.
func (n *Newcomer) Do(ctx context.Context, s document.Step) (string, error) {
	if s.Command == "" {
		return "", n.write(s.Path, s.Content)
	}
	said, err := n.run(ctx, s.Command)
	if err == nil && !document.Prints(s.Want, said) {
		err = fmt.Errorf("%s: expected it to print\n%s\nfound\n%s", s.Command, strings.TrimSpace(s.Want), said)
	}
	return said, err
}

func (n *Newcomer) write(path, content string) error {
	path = filepath.Join(n.Dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(content), 0o644)
}

// run runs a command in a shell, and goes where it has gone.
func (n *Newcomer) run(ctx context.Context, command string) (string, error) {
	cmd := exec.CommandContext(ctx, "sh", "-c", "{\n"+command+"\n} || exit\npwd >\"$NEWCOMER_AT\"\n")
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = n.Dir, append(n.env, "PWD="+n.Dir), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s: %w\n%s%s", command, err, stdout.String(), stderr.String())
	}
	at, err := os.ReadFile(n.at)
	n.Dir = strings.TrimSpace(string(at))
	return stdout.String(), err
}
