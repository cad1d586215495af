package hotplug_test

import (
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// mayImport is which way imports run in the root module: a room, and the other rooms that its code (not its tests) may import.
// A new package needs a row here; "..." at the end of a row's name stands for everything below.
var mayImport = map[string]string{
	".": "", // exports nothing

	"internal/mp":            "",
	"internal/pipe":          "",
	"internal/nearest":       "",
	"internal/abridge":       "",
	"internal/asroot":        "",
	"internal/shellwords":    "",
	"internal/peercred":      "",
	"internal/sock":          "",
	"internal/leak":          "",
	"internal/subject":       "",
	"internal/filekey":       "",
	"internal/regular":       "",
	"internal/store":         "internal/filekey internal/regular internal/shellwords",
	"internal/lockfile":      "internal/regular internal/shellwords internal/store registry",
	"internal/proc":          "internal/regular",
	"internal/document":      "",
	"internal/newcomer":      "internal/document",
	"internal/proc/proctest": "internal/proc internal/pipe",

	"shape":         "internal/nearest",
	"codec":         "internal/mp",
	"internal/wire": "codec internal/mp internal/sock shape",

	"rpc":                "codec internal/abridge internal/nearest internal/wire internal/sock shape",
	"rpc/rpctest":        "rpc internal/pipe",
	"rpc/middleware":     "rpc",
	"internal/lifecycle": "rpc",

	"manifest": "internal/nearest internal/regular",
	"registry": "internal/filekey internal/nearest internal/regular internal/shellwords manifest",

	"plugin": "codec internal/lifecycle internal/nearest internal/peercred internal/shellwords internal/wire plugin/internal/seam rpc shape",
	"host": "codec host/internal/seam internal/abridge internal/lifecycle internal/lockfile internal/nearest internal/peercred internal/proc internal/regular internal/store internal/wire " +
		"manifest registry rpc shape",

	"plugin/internal/seam":     "internal/wire",
	"plugin/internal/fakehost": "codec internal/pipe internal/wire plugin/internal/seam rpc",
	"plugin/plugintest": "internal/leak internal/lifecycle internal/wire manifest plugin plugin/internal/fakehost " +
		"plugin/internal/seam rpc",

	"host/internal/seam":       "internal/proc",
	"host/internal/fakeplugin": "codec host/internal/seam internal/lifecycle internal/pipe internal/proc/proctest internal/wire rpc",
	"host/hosttest":            "host host/internal/fakeplugin host/internal/seam internal/leak internal/proc/proctest internal/wire rpc",

	"control":             "rpc",
	"control/socket":      "codec control internal/peercred internal/regular internal/wire rpc",
	"control/controlhost": "control control/socket host rpc",

	"internal/conformance": "codec internal/proc internal/wire shape",

	"cmd/hotplug...":    "codec control... host internal/conformance internal/lockfile internal/nearest internal/regular internal/shellwords manifest registry rpc shape cmd/hotplug...",
	"internal/tools...": "host internal/document internal/newcomer manifest registry rpc shape",
	"e2e...":            "codec control... host internal/document internal/lockfile internal/newcomer internal/proc internal/wire manifest plugin registry rpc shape e2e...",
}

// doors is one dependency, one door: which rooms may import what is not ours. Tests are held to it too.
var doors = map[string]string{
	"github.com/vmihailenco/msgpack/v5": "codec",
	"github.com/Masterminds/semver/v3":  "manifest registry",
	"github.com/fsnotify/fsnotify":      "registry",

	"github.com/santhosh-tekuri/jsonschema/v6": "manifest",

	"github.com/hashicorp/go-hclog": "host... plugin... control/controlhost cmd/hotplug... internal/tools... e2e...",
	"github.com/spf13/cobra":        "cmd/hotplug...",
	"github.com/spf13/pflag":        "cmd/hotplug...",
	"github.com/mattn/go-isatty":    "cmd/hotplug...",
	"golang.org/x/mod":              "cmd/hotplug...",
	"golang.org/x/sys":              "internal/... host plugin registry cmd/hotplug... e2e...",
}

func TestImportsRunOneWay(t *testing.T) {
	for _, s := range rootModule(t) {
		if s.isTest() {
			continue
		}
		row, ok := mayImport[rowOf(s.room())]
		if !ok {
			t.Errorf("%s: package %s is not in mayImport: add a row that says what it may import", s.path, s.room())
			continue
		}
		for _, imported := range s.imports {
			if other, ours := ownRoom(imported); ours && !admits(row, other) {
				t.Errorf("%s: %s imports %s, which it may not (allowed: %s): move the code, or redraw mayImport and say why in docs/decisions.md",
					s.path, s.room(), other, orNothing(row))
			}
		}
	}
}

func TestPluginAndHostNeverImportEachOther(t *testing.T) {
	for _, s := range house(t) {
		if s.room() == "plugin" && slices.Contains(s.imports, module+"/host") {
			t.Errorf("%s: plugin imports host: whoever writes a plugin would link the host; a test of both belongs in e2e", s.path)
		}
		if s.room() == "host" && slices.Contains(s.imports, module+"/plugin") {
			t.Errorf("%s: host imports plugin: what both need belongs in rpc or internal/lifecycle; a test of both belongs in e2e", s.path)
		}
	}
}

func TestEachDependencyHasOneDoor(t *testing.T) {
	for _, s := range rootModule(t) {
		for _, imported := range s.imports {
			if _, ours := ownRoom(imported); ours || !strings.Contains(strings.Split(imported, "/")[0], ".") {
				continue
			}
			door, rooms := doorOf(imported)
			if door == "" {
				t.Errorf("%s: imports %s, which has no door: add it to doors and record why it is needed in docs/decisions.md", s.path, imported)
			} else if !admits(rooms, s.room()) {
				t.Errorf("%s: %s imports %s, which only %s may: call that package instead", s.path, s.room(), imported, rooms)
			}
		}
	}
}

func TestEachDependencyIsRecordedInDecisions(t *testing.T) {
	house(t)
	text := read(t, "docs/decisions.md")
	for door := range doors {
		if !strings.Contains(text, door) {
			t.Errorf("docs/decisions.md does not say why %s is needed: add a row", door)
		}
	}
}

func TestContractsImportOnlyRPC(t *testing.T) {
	seen := 0
	for _, s := range house(t) {
		isSample := strings.HasPrefix(s.path, "sample-plugins/") && strings.HasSuffix(s.room(), "api")
		if !isSample && s.room() != "control" || s.isTest() {
			continue
		}
		seen++
		for _, imported := range s.imports {
			if strings.Contains(strings.Split(imported, "/")[0], ".") && imported != module+"/rpc" {
				t.Errorf("%s: contract %s imports %s: a contract imports only rpc and the standard library, because both ends link it",
					s.path, path.Base(s.room()), imported)
			}
		}
	}
	if seen == 0 {
		t.Error("no contract package found below sample-plugins: this test looks for folders whose names end in api")
	}
}

// heavy is what no plugin shall carry only because it calls plugin.Serve.
var heavy = []string{
	"github.com/fsnotify/fsnotify", "github.com/spf13/cobra", "github.com/Masterminds/semver", "github.com/santhosh-tekuri/jsonschema", "google.golang.org/grpc",
	"net/http", "html/template", "text/template", module + "/host", module + "/registry", module + "/manifest", module + "/internal/proc", module + "/internal/store",
}

func TestSmallestPluginLinksNothingHeavy(t *testing.T) {
	house(t)
	cmd := exec.Command("go", "list", "-deps", "./counter")
	cmd.Dir = "sample-plugins"
	cmd.Env = append(os.Environ(), "GOFLAGS=") // -mod or -json from outside would change what is listed
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -deps ./counter in sample-plugins: %v\n%s", err, stderrOf(err))
	}
	linked := strings.Fields(string(out))
	if !slices.Contains(linked, module+"/plugin") {
		t.Fatalf("sample-plugins/counter does not import plugin: this test watches the smallest real plugin, point it at another")
	}
	for _, l := range linked {
		for _, h := range heavy {
			if l == h || strings.HasPrefix(l, h+"/") {
				t.Errorf("sample-plugins/counter links %s, and so would every plugin: keep it out of what plugin and rpc import", l)
			}
		}
	}
}

// rootModule is the library and its command, without the samples, examples and measurements.
func rootModule(t *testing.T) (own []*source) {
	others := slices.DeleteFunc(modules(t), func(m string) bool { return m == "." })
	for _, s := range house(t) {
		if !slices.ContainsFunc(others, func(m string) bool { return strings.HasPrefix(s.path, m+"/") }) {
			own = append(own, s)
		}
	}
	return own
}

// ownRoom is the folder of an import path of this repository.
func ownRoom(imported string) (room string, ours bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// rowOf is the row of mayImport that speaks of a room: its own, or a wider one that ends in "...".
func rowOf(room string) string {
	for row := range mayImport {
		if strings.HasSuffix(row, "...") && admits(row, room) {
			return row
		}
	}
	return room
}

// admits tells whether a list of rooms has this one: by name, or below a name that ends in "...".
func admits(rooms, room string) bool {
	return slices.ContainsFunc(strings.Fields(rooms), func(r string) bool {
		wide, isWide := strings.CutSuffix(r, "...")
		wide = strings.TrimSuffix(wide, "/")
		return r == room || isWide && (room == wide || strings.HasPrefix(room, wide+"/"))
	})
}

// doorOf is the row of doors that an import path belongs to.
func doorOf(imported string) (door, rooms string) {
	for door, rooms := range doors {
		if imported == door || strings.HasPrefix(imported, door+"/") {
			return door, rooms
		}
	}
	return "", ""
}

func orNothing(row string) string {
	if row == "" {
		return "nothing of this repository"
	}
	return row
}
