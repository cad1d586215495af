package plugin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
)

func TestStartedByHandItExplainsItselfWithSixtyFour(t *testing.T) {
	t.Setenv(wire.StartupEnv, "")
	t.Setenv(wire.DescribeEnv, "")
	for manifest, want := range map[string]string{"": filepath.Base(os.Args[0]) + " is a plugin: ", `{"name":"greeter","version":"1.4.0"}`: "greeter 1.4.0 is a plugin: "} {
		s := plugin.Server{}
		if manifest != "" {
			s.Manifest = []byte(manifest)
		}
		err := s.Run(t.Context())
		contains(t, err, want)
		contains(t, err, "HOTPLUG_DESCRIBE=1 "+os.Args[0])
		contains(t, err, "plugin.json into a folder of the host's plugins folder")
		if plugin.ExitCode(err) != 64 {
			t.Errorf("code %d", plugin.ExitCode(err))
		}
	}
}

func TestStartupDataThatCannotBeReadIsSixtyFiveAndNotPassedOn(t *testing.T) {
	good := wire.Startup{Hotplug: []int{1}, Socket: "/none/such/socket", Serializer: codec.Default, Token: "t", Answer: "a"}
	line, err := good.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for env, want := range map[string]string{
		"fd:x": `expected fd:N with N of 3 or more, found "fd:x"`, "fd:1": "expected fd:N", "fd:987": "descriptor 987 was not inherited: bad file descriptor: if you started this by hand", "nonsense": "expected one JSON object",
		"{}": "hotplug is missing", string(line): "listen on /none/such/socket", `{"hotplug":[1],"serializer":"x"}`: "token is missing",
	} {
		t.Setenv(wire.StartupEnv, env)
		err := plugin.Inherit(env)
		contains(t, err, want)
		if plugin.ExitCode(err) != 65 {
			t.Errorf("%s: code %d", env, plugin.ExitCode(err))
		}
		if _, set := os.LookupEnv(wire.StartupEnv); set {
			t.Errorf("%s: a child would inherit it", env)
		}
	}
}

func TestAnEmbeddedManifestThatCannotBeReadIsSixtyFive(t *testing.T) {
	for manifest, want := range map[string]string{"{": "embedded manifest: ", `{"name":"x"}`: "name and version are required", "": "embedded manifest: "} {
		err := plugin.Server{Manifest: []byte(manifest)}.Run(t.Context())
		contains(t, err, want)
		if plugin.ExitCode(err) != 65 {
			t.Errorf("%q: code %d", manifest, plugin.ExitCode(err))
		}
	}
}

func TestASerializerThatCannotBeUsedEndsWithSeventyEightBeforeAnythingIsAccepted(t *testing.T) {
	for _, c := range []struct {
		own  codec.Serializer
		host string
		want string
	}{
		{codec.JsonSerializer{}, codec.Default, "serializer mismatch: host uses MessagePackSerializer, plugin uses JsonSerializer"},
		{nil, "NoSuchSerializer", "serializer mismatch: host uses NoSuchSerializer, plugin uses MessagePackSerializer"},
		{speechless{}, "SpeechlessSerializer", wire.TrySerializer(speechless{}).Error()},
		{nil, "SpeechlessSerializer", wire.TrySerializer(speechless{}).Error()},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := serve(t, plugin.Server{Serializer: c.own}, func(s *wire.Startup) { s.Serializer = c.host })
			l.dial()
			err := <-l.ended
			if err == nil || err.Error() != c.want || plugin.ExitCode(err) != 78 || l.Listener.Waiting() != 1 {
				t.Errorf("%v, code %d, %d connections wait", err, plugin.ExitCode(err), l.Listener.Waiting())
			}
		})
	}
}

// reversed is JSON under another name.
type reversed struct{ codec.JsonSerializer }

func (reversed) Name() string { return "ReversedSerializer" }

// speechless is JSON that cannot say goodbye.
type speechless struct{ codec.JsonSerializer }

func (speechless) Name() string { return "SpeechlessSerializer" }

func (s speechless) Append(dst []byte, v any) ([]byte, error) {
	b, err := s.JsonSerializer.Append(dst, v)
	if bytes.Contains(b, []byte("goodbye")) {
		return dst, errors.New("no words")
	}
	return b, err
}

func init() {
	codec.Register(reversed{})
	codec.Register(speechless{})
}

func TestASerializerThatIsRegisteredIsAdoptedByItsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := serve(t, plugin.Server{Handlers: []rpc.Handler{echo.Handle(echoed)}}, func(s *wire.Startup) { s.Serializer = "ReversedSerializer" })
		c, _ := l.connect()
		if got, err := echo.Call(t.Context(), c, "hi"); got != "hi" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		l.goodbye(c)
		<-l.ended
	})
}

func TestItStatesItsIdentityOnlyWithAnEmbeddedManifest(t *testing.T) {
	for _, manifest := range [][]byte{nil, []byte(`{"name":"greeter","version":"1.4.0","x-more":1}`)} {
		synctest.Test(t, func(t *testing.T) {
			l := serve(t, plugin.Server{Manifest: manifest})
			_, answer, err := l.try(l.Hello())
			if err != nil {
				t.Fatal(err)
			}
			if manifest == nil && answer.Plugin != nil {
				t.Errorf("it states %+v", answer.Plugin)
			}
			if p := answer.Plugin; manifest != nil && (p == nil || p.Name != "greeter" || p.Version != "1.4.0" || p.PID != os.Getpid()) {
				t.Errorf("it states %+v", p)
			}
			l.ask()
			<-l.ended
		})
	}
}

func TestExitCodesAreThoseOfTheErrorAlsoWhenItIsWrapped(t *testing.T) {
	for want, err := range map[int]error{0: nil, 70: errors.New("x"), 78: &plugin.ExitError{Code: 78}, 69: fmt.Errorf("run: %w", &plugin.ExitError{Code: 69})} {
		if got := plugin.ExitCode(err); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
}

func TestDescriptionIsTheGoldenOne(t *testing.T) {
	type request struct {
		Name string `json:"name"`
		Age  int8   `json:"age,omitempty"`
	}
	type reply struct {
		Text string `json:"text"`
	}
	const greet rpc.Method[request, reply] = "greeter.greet"
	const wave rpc.Notice[string] = "greeter.wave"
	s := plugin.Server{
		Manifest: []byte(`{"name":"greeter","version":"1.4.0"}`), Serializer: codec.JsonSerializer{}, Uses: []rpc.Use{ask.Use()},
		Handlers: []rpc.Handler{wave.Handle(func(context.Context, string) error { return nil }), greet.Handle(func(context.Context, request) (reply, error) { return reply{}, nil })},
	}
	var out bytes.Buffer
	if err := s.Describe(&out); err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := json.Unmarshal(out.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	delete(d, "build") // of the test binary
	delete(d, "package")
	got, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "describe.golden.json")
	if os.Getenv("UPDATE_GOLDEN") == "1" {
		if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || strings.TrimSpace(string(want)) != string(got) {
		t.Errorf("%v; got\n%s", err, got)
	}
}
