package serializers

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/counter/counterapi"
	"github.com/go-hotplug/hotplug/sample-plugins/serializers/cbor"
	"github.com/go-hotplug/hotplug/sample-plugins/serializers/gzipped"
	"github.com/go-hotplug/hotplug/sample-plugins/serializers/verbose"
)

func init() {
	codec.Register(cbor.Serializer{})
	codec.Register(gzipped.Serializer{})
	codec.Register(verbose.Serializer{})
}

var buildDir string // where the plugin was built; empty while no test has needed it

// binary builds the plugin, once for all tests.
var binary = sync.OnceValues(func() (path string, err error) {
	if buildDir, err = os.MkdirTemp("", "cborcounter"); err != nil {
		return "", err
	}
	path = filepath.Join(buildDir, "cborcounter"+exe)
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", path, "./cborcounter")
	cmd.Stderr = os.Stderr
	return path, cmd.Run()
})

var exe = map[string]string{"windows": ".exe"}[runtime.GOOS]

func TestMain(m *testing.M) {
	code := m.Run()
	if buildDir != "" {
		os.RemoveAll(buildDir)
	}
	os.Exit(code)
}

// install puts the plugin into a plugins folder, with its manifest changed by edit.
func install(t *testing.T, folder, name string, edit map[string]any) {
	t.Helper()
	built, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("cborcounter/plugin.json")
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	delete(m, "$schema")
	m["entry"] = "cborcounter" + exe
	for k, v := range edit {
		m[k] = v
	}
	if text, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(folder, name)
	b, err := os.ReadFile(built)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, manifest.FileName), text, 0o644),
		os.WriteFile(filepath.Join(dir, "cborcounter"+exe), b, 0o755)} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// open opens a plugins folder; shutdowns has the exit of each process.
func open(t *testing.T, folder string, settings map[string]host.Settings) (h *host.Host, shutdowns chan host.Shutdown) {
	t.Helper()
	runtimeDir, err := os.MkdirTemp("", "hp") // short: paths of sockets are
	if err != nil {
		t.Fatal(err)
	}
	shutdowns = make(chan host.Shutdown, 4)
	h, err = host.Open(t.Context(), host.Config{
		Name: "serializers", Dir: folder, StateDir: t.TempDir(), RuntimeDir: runtimeDir, Plugins: settings,
		Hooks: host.Hooks{WorkerShutdown: func(_ host.Worker, s host.Shutdown) { shutdowns <- s }},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		os.RemoveAll(runtimeDir)
	})
	return h, shutdowns
}

func TestAPluginWithASerializerOfItsOwnIsCalledAsAnyOther(t *testing.T) {
	folder := t.TempDir()
	install(t, folder, "cborcounter", nil)
	h, _ := open(t, folder, nil)
	for _, f := range h.Failed() {
		t.Fatalf("%s: %v", f.Plugin, f.Err)
	}
	p := h.Plugin("cborcounter")
	if total, err := counterapi.Add.Call(t.Context(), p, counterapi.Delta{By: 1 << 60}); err != nil || total.Value != 1<<60 {
		t.Fatalf("add: %+v, %v", total, err)
	}
	if err := counterapi.Bump.Send(t.Context(), p, counterapi.Delta{By: -1}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; { // a notice and a call have no order
		total, err := counterapi.Get.Call(t.Context(), p, struct{}{})
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("get: %+v, %v", total, err)
		}
		if total.Value == 1<<60-1 {
			break
		}
	}
	err := p.Invoke(t.Context(), &rpc.Message{Kind: rpc.KindMethod, Type: string(counterapi.Add), Payload: map[string]string{"by": "one"}}, new(counterapi.Total))
	if rpc.CodeOf(err) != rpc.Invalid || rpc.Delivered(err) != rpc.NotDelivered || !strings.Contains(err.Error(), "counter.add: payload: decode ") {
		t.Errorf("a text for a number: %v", err)
	}
}

func TestAPluginWithAnotherSerializerThanItsHostEndsAtStartUpWithTheSentence(t *testing.T) {
	for _, name := range []string{"MessagePackSerializer", "JsonSerializer", "GzipMessagePackSerializer", "VerboseJsonSerializer"} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			install(t, folder, "cborcounter", map[string]any{"serializer": name})
			h, shutdowns := open(t, folder, nil)
			failed := h.Failed()
			if len(failed) != 1 || !strings.Contains(failed[0].Err.Error(), "serializer mismatch: host uses "+name+", plugin uses CborSerializer") ||
				!strings.Contains(failed[0].Err.Error(), "exit status 78") {
				t.Fatalf("failed: %+v", failed)
			}
			if s := <-shutdowns; s.Code != 78 {
				t.Errorf("shutdown: %+v", s)
			}
			_, err := counterapi.Get.Call(t.Context(), h.Plugin("cborcounter"), struct{}{})
			if rpc.CodeOf(err) != rpc.Unavailable || !strings.Contains(err.Error(), "serializer mismatch") {
				t.Errorf("a call: %v", err)
			}
		})
	}
}

func TestASerializerThatIsNotRegisteredIsNamedWithThoseThatAre(t *testing.T) {
	folder := t.TempDir()
	install(t, folder, "cborcounter", map[string]any{"serializer": "MoonSerializer"})
	h, _ := open(t, folder, nil)
	failed := h.Failed()
	want := `serializer "MoonSerializer" is not registered (known: CborSerializer, GzipMessagePackSerializer, JsonSerializer, MessagePackSerializer, VerboseJsonSerializer)`
	if len(failed) != 1 || !strings.Contains(failed[0].Err.Error(), want) {
		t.Fatalf("failed: %+v", failed)
	}
}

func TestTheHostsSettingsGoBeforeTheManifest(t *testing.T) {
	folder := t.TempDir()
	install(t, folder, "cborcounter", map[string]any{"serializer": "JsonSerializer"})
	h, _ := open(t, folder, map[string]host.Settings{"cborcounter": {Serializer: "CborSerializer"}})
	if total, err := counterapi.Add.Call(t.Context(), h.Plugin("cborcounter"), counterapi.Delta{By: 1}); err != nil || total.Value != 1 {
		t.Errorf("%+v, %v; failed: %+v", total, err, h.Failed())
	}
}
