package main

import (
	"bytes"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

// checkout is the root of this repository.
func checkout(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// What new writes is built, tested and called, with the commands that it prints and without a network.
func TestNewWritesAPluginThatBuildsAndRunsAtOnce(t *testing.T) {
	root := checkout(t)
	t.Chdir(t.TempDir())
	out := decoded[created](t, command(t, "new", "my-greeter", "--replace", root, "--json").exits(t, exitOK))
	if len(out.Next) != 5 || out.Next[0] != "cd my-greeter" {
		t.Fatalf("next: %q", out.Next)
	}
	t.Chdir(out.Dir)
	t.Setenv("GOWORK", "off")
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOFLAGS", "")
	for _, line := range slices.Concat(out.Next[1:3], []string{"go vet ./...", "go build ./..."}) {
		words := strings.Fields(line)
		if said, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, said)
		}
	}
	head, payload, _ := strings.Cut(strings.TrimSuffix(out.Next[3], "'"), " '")
	args := append(strings.Fields(head)[1:], payload)
	if got := command(t, args...).exits(t, exitOK); got.out != "{\"text\":\"Hello, Ada\"}\n" {
		t.Errorf("%s: %s", out.Next[3], got)
	}
	words := strings.Fields(out.Next[4])
	if said, err := exec.Command(words[0], words[1:]...).Output(); err != nil || string(said) != "Hello, Ada\n" {
		t.Errorf("%s: %v\n%s", out.Next[4], err, said)
	}
	command(t, "call", "plugins", "my-greeter", "my-greeter.greet").exits(t, exitUsage)
	command(t, "call", "plugins", "my-greeter", "my-greeter.greet", `{"name": ""}`).exits(t, exitAnswer).complains(t, "my-greeter.greet: Invalid: name is empty")
	if got := command(t, "describe", "plugins/my-greeter").exits(t, exitOK); !strings.HasPrefix(got.out, "name\tmy-greeter\nversion\t0.1.0\n") || got.err != "" {
		t.Errorf("describe: %s", got)
	}
	command(t, "validate", "plugins").exits(t, exitOK)
}

func TestNewSaysWhatItWroteAndWhatIsNext(t *testing.T) {
	root := checkout(t)
	dir := filepath.Join(t.TempDir(), "a folder")
	got := command(t, "new", "greeter", "--dir", dir, "--module", "example.org/you/tools", "--replace", root).exits(t, exitOK)
	golden(t, "new", got.out, dir)
	if got.err != "" {
		t.Errorf("stderr: %s", got)
	}
	main, err := os.ReadFile(filepath.Join(dir, "main.go"))
	if err != nil || !bytes.Contains(main, []byte(`"example.org/you/tools/greeterapi"`)) {
		t.Errorf("%v\n%s", err, main)
	}
}

func TestNewWritesFormattedGoWhateverTheNames(t *testing.T) {
	for _, name := range []string{"a", "z-", "my-greeter", "rpc", "manifest", "context", strings.Repeat("n", 64)} {
		for _, path := range []string{"a.b/c", "zzz.org/x/y", "example.com/v2"} {
			m, err := newModule(name, newFlags{dir: "x", module: path})
			if err != nil {
				t.Fatal(err)
			}
			files, err := m.files()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				if filepath.Ext(f.path) != ".go" {
					continue
				}
				if again, err := format.Source(f.content); err != nil || !bytes.Equal(again, f.content) {
					t.Errorf("%s of %s in %s is not formatted: %v\n%s", f.path, name, path, err, f.content)
				}
			}
		}
	}
}

func TestNewRefusesAFolderThatHoldsSomething(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(mine, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	command(t, "new", "greeter", "--dir", dir).exits(t, exitUsage).complains(t, "new: folder "+dir+" is not empty, it holds notes.txt: name another with --dir")
	if items, err := os.ReadDir(dir); err != nil || len(items) != 1 {
		t.Errorf("the folder holds %v, %v", items, err)
	}
	command(t, "new", "greeter", "--dir", mine).exits(t, exitUsage).complains(t, "new: "+mine+" is a file, want a folder")
	command(t, "new", "greeter", "--dir", filepath.Join(mine, "x")).exits(t, exitHost).complains(t, "cannot be used", "name another with --dir")
}

func TestNewRefusesNamesThatCannotBe(t *testing.T) {
	t.Chdir(t.TempDir())
	for line, want := range map[string]string{
		"Greeter":                     `new: found "Greeter", want a name of a-z, 0-9 and -`,
		"../x":                        `new: found "../x", want a name`,
		"hotplug":                     `new: found "hotplug", want another name: messages that begin with "hotplug."`,
		"g --module greeter":          `--module: found "greeter", whose first element has no dot`,
		"g --module a.b//c":           `--module: found "a.b//c", want a path such as`,
		"g --module a.b/../c":         `--module: found "a.b/../c", want a path such as`,
		"g --module a.b/c\"d":         `want a path such as`,
		"vendor":                      `new: found "vendor", of which no module's path can be made, want another name or a --module: --module: found "example.com/vendor": Go keeps the element "vendor" for itself`,
		"v1":                          `new: found "v1", of which no module's path can be made`,
		"con":                         `new: found "con", want another name: Windows keeps it for a device`,
		"lpt9 --module a.b/c":         `new: found "lpt9", want another name: Windows keeps it for a device`,
		"g --module a.b/AUX":          `--module: found "a.b/AUX", which the go command refuses, want another path: "AUX" disallowed as path element component on Windows`,
		"g --module A.b/c":            `--module: found "A.b/c", which the go command refuses`,
		"g --module a.b/c~1":          `--module: found "a.b/c~1", which the go command refuses`,
		"g --replace " + os.TempDir(): "--replace: ",
	} {
		got := command(t, append([]string{"new"}, strings.Fields(line)...)...)
		if got.complains(t, want); got.code != exitUsage && got.code != exitHost {
			t.Errorf("%s: %s", line, got)
		}
	}
	if items, err := os.ReadDir("."); err != nil || len(items) > 0 {
		t.Errorf("something was written: %v, %v", items, err)
	}
	if err := os.WriteFile("go.mod", []byte("module example.org/other\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	command(t, "new", "g", "--replace", ".").exits(t, exitUsage).complains(t, "--replace: . holds another module, want a checkout of github.com/go-hotplug/hotplug")
}

func TestNewRequiresTheVersionOfThisCommand(t *testing.T) {
	for name, c := range map[string]struct {
		m    module
		want string
		not  string
	}{
		"release":  {module{Version: "v1.2.3"}, "\nrequire " + hotplugModule + " v1.2.3\n\nrequire (\n\ta.b/c v1.0.0 // indirect\n)\n", "replace"},
		"checkout": {module{Replace: "../hotplug"}, "\nrequire " + hotplugModule + " v0.0.0\n\nrequire (\n\ta.b/c v1.0.0 // indirect\n)\n\nreplace " + hotplugModule + " => ../hotplug\n", "//\t"},
		"neither":  {module{}, "//\tgo get " + hotplugModule + "@latest && go mod tidy\n", "\nrequire"},
	} {
		c.m.Name, c.m.Module, c.m.API, c.m.Go, c.m.Hotplug = "g", "a.b/g", "gapi", goVersion, hotplugModule
		c.m.Indirect = []string{"a.b/c v1.0.0"}
		files, err := c.m.files()
		if err != nil {
			t.Fatal(err)
		}
		text := string(files[slices.IndexFunc(files, func(f file) bool { return f.path == "go.mod" })].content)
		if !strings.HasPrefix(text, "module a.b/g\n\ngo "+goVersion+"\n") || !strings.Contains(text, c.want) || strings.Contains(text, c.not) {
			t.Errorf("%s: want %q and not %q in\n%s", name, c.want, c.not, text)
		}
	}
	ours, err := os.ReadFile(filepath.Join(checkout(t), "go.mod"))
	if err != nil || !strings.Contains(string(ours), "\ngo "+goVersion+"\n") {
		t.Errorf("go.mod of hotplug does not say go %s: %v", goVersion, err)
	}
}

func TestOnlyAVersionThatOthersCanDownloadIsRequired(t *testing.T) {
	const commit = "v0.3.1-0.20260102030405-0123456789ab"
	for name, c := range map[string]struct {
		info debug.BuildInfo
		want release
	}{
		"release":                    {debug.BuildInfo{Main: debug.Module{Path: hotplugModule, Version: "v1.2.3"}}, release{version: "v1.2.3"}},
		"checkout":                   {debug.BuildInfo{Main: debug.Module{Path: hotplugModule, Version: "(devel)"}}, release{}},
		"unsaved changes":            {debug.BuildInfo{Main: debug.Module{Path: hotplugModule, Version: "v1.2.3+dirty"}}, release{}},
		"commit":                     {debug.BuildInfo{Main: debug.Module{Path: hotplugModule, Version: commit}}, release{}},
		"commit that was downloaded": {debug.BuildInfo{Main: debug.Module{Path: hotplugModule, Version: commit, Sum: "h1:"}}, release{commit, "h1:"}},
		"tool of another module": {debug.BuildInfo{Main: debug.Module{Path: "a.b/c", Version: "v9.0.0"},
			Deps: []*debug.Module{{Path: hotplugModule, Version: "v1.2.3", Sum: "h1:"}}}, release{"v1.2.3", "h1:"}},
		"replaced": {debug.BuildInfo{Main: debug.Module{Path: "a.b/c"},
			Deps: []*debug.Module{{Path: hotplugModule, Version: "v1.2.3", Replace: &debug.Module{Path: "../x"}}}}, release{}},
		"something else": {debug.BuildInfo{Main: debug.Module{Path: "a.b/c", Version: "v9.0.0"}}, release{}},
	} {
		if got := released(&c.info); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

func TestReplacementIsAsTheNewModuleSeesIt(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	for _, dir := range []string{"src", "a b"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module "+hotplugModule+" // the one\n\ngo 1.26\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range [][3]string{
		{"src", "plugin", "../src"}, {"./src", "x/y", "../../src"}, {"src", ".", "./src"}, {"a b", "p", `"../a b"`},
		{filepath.Join(root, "src"), "p", modString(filepath.Join(root, "src"))},
	} {
		if got, err := replacement(c[0], c[1]); err != nil || got != c[2] {
			t.Errorf("--replace %s --dir %s: got %s, %v; want %s", c[0], c[1], got, err, c[2])
		}
	}
}
