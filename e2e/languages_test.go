//go:build linux

package e2e_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// What the greeters answer, and what they call: sample-plugins/greeterapi.
const (
	greeterGreet     rpc.Query[greetRequest, greeting] = "greeter.greet"
	greeterIntroduce rpc.Method[struct{}, greeting]    = "greeter.introduce"
	greeterMet       rpc.Notice[person]                = "greeter.met"
	greeterGuests    rpc.Query[struct{}, people]       = "greeter.guests"
	greeterGuest     rpc.Query[struct{}, person]       = "greeter.guest"
	greeterGreeted   rpc.Notice[person]                = "greeter.greeted"
)

type (
	greetRequest struct {
		Name    string `json:"name"`
		AfterMS int64  `json:"afterMs,omitempty"`
	}
	greeting struct {
		Text string `json:"text"`
	}
	person struct {
		Name string `json:"name"`
	}
	people struct {
		Names []string `json:"names"`
	}
)

// inEachLanguage runs a test with each greeter, copied into the plugins folder as a user would.
func inEachLanguage(t *testing.T, test func(t *testing.T, s *site, name string)) {
	for name, interpreter := range map[string]string{"node-greeter": "node", "node-toolkit": "node", "python-greeter": "python3", "python-toolkit": "python3"} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(interpreter); err != nil {
				t.Skipf("%s is not in PATH: install it to test the sample %s (make test-all insists on it)", interpreter, name)
			}
			s := newSite(t)
			if err := os.CopyFS(filepath.Join(s.plugins, name), os.DirFS(filepath.Join("..", "sample-plugins", name))); err != nil {
				t.Fatal(err)
			}
			test(t, s, name)
		})
	}
}

func TestAPluginInAnotherLanguageAnswersCallsErrorsAndNotices(t *testing.T) {
	inEachLanguage(t, func(t *testing.T, s *site, name string) {
		p := s.open().Plugin(name)
		got, err := greeterGreet.Call(t.Context(), p, greetRequest{Name: "Zoë 漢字 🦦"})
		if err != nil || got.Text != "Hello, Zoë 漢字 🦦" {
			t.Fatalf("greet: %+v, %v", got, err)
		}
		want := []string{}
		for i := range 300 { // more than the plugin's answers to them in one read
			want = append(want, strings.Repeat("n", i%7)+string(rune('a'+i%26)))
			mustDo(t, greeterMet.Send(t.Context(), p, person{want[i]}))
		}
		var met people
		until(t, 10*time.Second, "met", func() bool {
			met, err = greeterGuests.Call(t.Context(), p, struct{}{})
			return err != nil || len(met.Names) >= len(want)
		})
		if err != nil || !slices.Equal(met.Names, want) {
			t.Errorf("met %q, %v; want %q", met.Names, err, want)
		}
		_, err = greeterGreet.Call(t.Context(), p, greetRequest{})
		var failure *rpc.Error
		if !errors.Is(err, rpc.NotFound) || !errors.As(err, &failure) || failure.Origin != rpc.FromPlugin || len(failure.Details) != 1 {
			t.Errorf("nobody to greet: %v (%+v); want NotFound from the plugin, with details", err, failure)
		}
		says(t, err, "there is nobody to greet")
	})
}

func TestAPluginInAnotherLanguageStopsACallThatIsCancelledOrLate(t *testing.T) {
	inEachLanguage(t, func(t *testing.T, s *site, name string) {
		h := s.open()
		p := h.Plugin(name)
		for _, wanted := range []rpc.Code{rpc.Canceled, rpc.Timeout} {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			if wanted == rpc.Canceled {
				ctx, cancel = context.WithCancel(t.Context())
				time.AfterFunc(300*time.Millisecond, cancel)
			}
			_, err := greeterGreet.Call(ctx, p, greetRequest{Name: "Ada", AfterMS: 1 << 31})
			cancel()
			if !errors.Is(err, wanted) {
				t.Errorf("%v, want %s", err, wanted)
			}
		}
		start := time.Now()
		s.close(h) // which would wait for a handler that goes on
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("close took %s: a handler of a call that was given up still ran", took)
		}
	})
}

func TestAPluginInAnotherLanguageCallsItsHost(t *testing.T) {
	inEachLanguage(t, func(t *testing.T, s *site, name string) {
		greeted := make(chan string, 1)
		p := s.open(func(c *host.Config) {
			c.Handlers = []rpc.Handler{
				greeterGuest.Handle(func(context.Context, struct{}) (person, error) { return person{"Grace"}, nil }),
				greeterGreeted.Handle(func(_ context.Context, p person) error { greeted <- p.Name; return nil }),
			}
		}).Plugin(name)
		got, err := greeterIntroduce.Call(t.Context(), p, struct{}{})
		if err != nil || got.Text != "Hello, Grace" {
			t.Fatalf("introduce: %+v, %v", got, err)
		}
		select {
		case who := <-greeted:
			if who != "Grace" {
				t.Errorf("greeted %q", who)
			}
		case <-time.After(10 * time.Second):
			t.Error("the notice has not come")
		}
	})
}

func TestAPluginInAnotherLanguageFailsWithANoticeThatIsTooLargeAndSendsTheNext(t *testing.T) {
	inEachLanguage(t, func(t *testing.T, s *site, name string) {
		const frame = 64 << 10
		manifest := filepath.Join(s.plugins, name, "plugin.json")
		text, err := os.ReadFile(manifest)
		mustDo(t, err)
		mustDo(t, os.WriteFile(manifest, []byte(strings.Replace(string(text), `"manifest": 1`, `"manifest": 1, "limits": {"frame": "64KiB"}`, 1)), 0o644))
		long := strings.Repeat("n", frame-60) // fits into a result, but not into a notice
		guests, greeted := []string{long, "Grace"}, make(chan string, 2)
		h := s.open(func(c *host.Config) {
			c.Handlers = []rpc.Handler{
				greeterGuest.Handle(func(context.Context, struct{}) (person, error) {
					guest := guests[0]
					guests = guests[1:]
					return person{guest}, nil
				}),
				greeterGreeted.Handle(func(_ context.Context, p person) error { greeted <- p.Name; return nil }),
			}
		})
		if _, err := greeterIntroduce.Call(t.Context(), h.Plugin(name), struct{}{}); !errors.Is(err, rpc.Internal) {
			t.Errorf("%v, want Internal", err)
		}
		if got, err := greeterIntroduce.Call(t.Context(), h.Plugin(name), struct{}{}); err != nil || got.Text != "Hello, Grace" {
			t.Errorf("the next: %+v, %v", got, err)
		}
		select {
		case who := <-greeted:
			if who != "Grace" {
				t.Errorf("greeted %d bytes", len(who))
			}
		case <-time.After(10 * time.Second):
			t.Error("the next notice has not come")
		}
		s.goesOn(h)
	})
}

func TestAPluginInAnotherLanguageSaysThatItsHostDoesNotHandleWhatItCalls(t *testing.T) {
	inEachLanguage(t, func(t *testing.T, s *site, name string) {
		_, err := greeterIntroduce.Call(t.Context(), s.open().Plugin(name), struct{}{})
		says(t, err, "greeter.guest", "not handled")
	})
}

func TestAPluginInAnotherLanguageLeavesWhenAsked(t *testing.T) {
	inEachLanguage(t, func(t *testing.T, s *site, name string) {
		asked := make(chan struct{}, 1)
		h := s.open(func(c *host.Config) {
			c.Handlers = []rpc.Handler{greeterGuest.Handle(func(ctx context.Context, _ struct{}) (person, error) {
				asked <- struct{}{}
				<-time.After(500 * time.Millisecond) // the goodbye is there by then
				return person{"Grace"}, nil
			})}
		})
		p := h.Plugin(name)
		result := make(chan error, 1)
		go func() {
			_, err := greeterIntroduce.Call(t.Context(), p, struct{}{})
			result <- err
		}()
		await(t, asked, "the plugin to call back")
		p.Close()
		if err := <-result; err != nil {
			t.Errorf("the call in flight: %v", err)
		}
		if d, ok := s.shutdown(name); !ok || d.Code != 0 || !d.Asked {
			t.Errorf("shutdown %+v, %v; want exit code 0", d, ok)
		}
		s.goesOn(h)
	})
}

func TestAPluginInAnotherLanguageSaysGoodbyeOnSIGTERM(t *testing.T) {
	inEachLanguage(t, func(t *testing.T, s *site, name string) {
		h := s.open()
		p := h.Plugin(name)
		mustDo(t, syscall.Kill(p.Status().PID, syscall.SIGTERM))
		until(t, 10*time.Second, "gone", func() bool { return !p.Status().Active })
		if reason := p.Status().Reason; reason != "it asked to leave" {
			t.Errorf("reason %q", reason)
		}
		s.goesOn(h)
	})
}

func TestAPluginInAnotherLanguageIsGoneWithItsHost(t *testing.T) {
	inEachLanguage(t, func(t *testing.T, s *site, name string) {
		s.crasher("", nil)
		st := s.perform(play{})
		if st.cast.Plugins[name] == 0 {
			t.Fatalf("the host that is to die has not started it: %+v", st.cast)
		}
		st.goes(st.kill)
	})
}

func TestAPluginInAnotherLanguageIsWhoItsManifestSays(t *testing.T) {
	inEachLanguage(t, func(t *testing.T, s *site, name string) {
		manifest := filepath.Join(s.plugins, name, "plugin.json")
		text, err := os.ReadFile(manifest)
		mustDo(t, err)
		mustDo(t, os.WriteFile(manifest, []byte(strings.Replace(string(text), `"version": "1.0.0"`, `"version": "2.0.0"`, 1)), 0o644))
		h := s.open()
		says(t, failure(t, h, name), name+" 1.0.0", name+" 2.0.0", "one version")
		s.goesOn(h)
	})
}

func TestAPluginInAnotherLanguageRefusesAHostWithAnotherSerializer(t *testing.T) {
	inEachLanguage(t, func(t *testing.T, s *site, name string) {
		manifest := filepath.Join(s.plugins, name, "plugin.json")
		text, err := os.ReadFile(manifest)
		mustDo(t, err)
		mustDo(t, os.WriteFile(manifest, []byte(strings.Replace(string(text), `"JsonSerializer"`, `"MessagePackSerializer"`, 1)), 0o644))
		h := s.open()
		says(t, failure(t, h, name), "exit status 78", "serializer mismatch: host uses MessagePackSerializer, plugin uses JsonSerializer")
		s.goesOn(h)
	})
}
