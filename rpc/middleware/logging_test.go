package middleware_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/middleware"
)

// slow is a handler that takes a second of the fake clock, whatever its context says: one that listens would answer in the very
// moment in which its caller gives up.
func slow(err error) func(context.Context, string) (string, error) {
	return func(_ context.Context, s string) (string, error) {
		time.Sleep(time.Second)
		return s, err
	}
}

func TestLoggingWritesOneLineForEachMessageOnEitherEnd(t *testing.T) {
	for _, c := range []struct {
		name           string
		err            error
		caller, callee []string
	}{
		{"result", nil,
			[]string{"debug request message=door.knock kind=query direction=outgoing", "debug result message=door.knock kind=query direction=incoming took=1s"},
			[]string{"debug request message=door.knock kind=query direction=incoming", "debug result message=door.knock kind=query direction=outgoing took=1s"}},
		{"error", rpc.Errorf(rpc.NotFound, "the secret is not here"),
			[]string{"debug request message=door.knock kind=query direction=outgoing", "warn error message=door.knock kind=query direction=incoming took=1s code=NotFound"},
			[]string{"debug request message=door.knock kind=query direction=incoming", "warn error message=door.knock kind=query direction=outgoing took=1s code=NotFound"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachSerializer(t, func(t *testing.T, s codec.Serializer) {
				synctest.Test(t, func(t *testing.T) {
					var near, far record
					a := pair(t, s, only(middleware.Logging(&near, middleware.LogOptions{})), only(middleware.Logging(&far, middleware.LogOptions{})), knock.Handle(slow(c.err)))
					if _, err := knock.Call(t.Context(), a, "secret"); (err != nil) != (c.err != nil) {
						t.Fatal(err)
					}
					same(t, "caller", near.taken(), c.caller...)
					same(t, "callee", far.taken(), c.callee...)
				})
			})
		})
	}
}

func TestLoggingSaysHowACallWithoutAReplyEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var near, far record
		a := pair(t, nil, only(middleware.Logging(&near, middleware.LogOptions{})), only(middleware.Logging(&far, middleware.LogOptions{})), knock.Handle(slow(nil)))
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := knock.Call(ctx, a, "secret"); rpc.CodeOf(err) != rpc.Timeout {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second) // until the handler is done, too
		same(t, "caller", near.taken(), "debug request message=door.knock kind=query direction=outgoing",
			"warn call failed message=door.knock kind=query direction=outgoing took=1ms code=Timeout")
		same(t, "callee", far.taken(), "debug request message=door.knock kind=query direction=incoming",
			"debug result message=door.knock kind=query direction=outgoing took=1s")
	})
}

func TestLoggingHasALineForEachNoticeAndForOneThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var near, far record
		a := pair(t, nil, only(middleware.Logging(&near, middleware.LogOptions{})), only(middleware.Logging(&far, middleware.LogOptions{})),
			ring.Handle(func(_ context.Context, v login) error {
				time.Sleep(time.Second)
				if v.User == "" {
					return rpc.Denied
				}
				return nil
			}))
		for _, user := range []string{"ada", ""} {
			if err := ring.Send(t.Context(), a, login{User: user}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(3 * time.Second)
		sent, handled := "debug notice message=door.ring kind=notice direction=outgoing", "debug notice message=door.ring kind=notice direction=incoming"
		same(t, "caller", near.taken(), sent, sent)
		same(t, "callee", far.taken(), handled, handled, "warn notice failed message=door.ring kind=notice direction=incoming took=1s code=Denied")
	})
}

func TestLoggingLogsARequestThatNobodyHandlesOnBothEnds(t *testing.T) {
	var near, far record
	a := pair(t, nil, only(middleware.Logging(&near, middleware.LogOptions{})), only(middleware.Logging(&far, middleware.LogOptions{})))
	var reply string
	if err := a.Invoke(t.Context(), &rpc.Message{Kind: rpc.KindMethod, Type: "door.slam"}, &reply); rpc.CodeOf(err) != rpc.Unimplemented {
		t.Fatal(err)
	}
	if lines := near.taken(); len(lines) != 2 || !strings.HasSuffix(lines[1], "code=Unimplemented") {
		t.Errorf("caller: %q", lines)
	}
	if lines := far.taken(); len(lines) != 1 || !strings.HasPrefix(lines[0], "warn error message=door.slam direction=outgoing took=") {
		t.Errorf("callee: %q", lines)
	}
}

func TestLoggingShowsPayloadsOnlyIfAskedAndThenRedacted(t *testing.T) {
	eachSerializer(t, func(t *testing.T, s codec.Serializer) {
		var silent, open record
		fail := signIn.Handle(func(_ context.Context, v login) (login, error) {
			if v.PIN == 0 {
				return v, rpc.Errorf(rpc.Denied, "pin of %s", v.User)
			}
			return v, nil
		})
		shown := middleware.LogOptions{Payloads: true, Redact: middleware.Redact("password", "token"), Level: middleware.AtInfo, ErrorLevel: middleware.AtError}
		a := pair(t, s, only(middleware.Logging(&open, shown)), only(middleware.Logging(&silent, middleware.LogOptions{})), fail)
		for _, pin := range []int{7, 0} {
			got, err := signIn.Call(t.Context(), a, login{User: "ada", Password: "swordfish", PIN: pin, Devices: []device{{"phone", []byte("swordfish")}}})
			if pin != 0 && (err != nil || got.Password != "swordfish" || string(got.Devices[0].Token) != "swordfish") {
				t.Fatalf("what travels was changed: %+v, %v", got, err)
			}
		}
		if text := strings.Join(silent.taken(), "\n"); strings.Contains(text, "ada") || strings.Contains(text, "swordfish") {
			t.Errorf("payloads were not asked for:\n%s", text)
		}
		lines := open.taken()
		view := " payload=map[devices:[map[name:phone token:[redacted]]] password:[redacted] pin:7 user:ada]"
		if len(lines) != 4 || lines[0] != "info request message=door.signIn kind=method direction=outgoing"+view || !strings.HasSuffix(lines[1], view) ||
			!strings.HasPrefix(lines[3], "error error ") || !strings.HasSuffix(lines[3], " code=Denied error=pin of ada") {
			t.Errorf("got\n%s", strings.Join(lines, "\n"))
		}
	})
}

func TestLoggingOfAPayloadThatCannotBeReadSaysSoAndDoesNotFailTheCallItself(t *testing.T) {
	var near record
	a := pair(t, codec.JsonSerializer{}, only(middleware.Logging(&near, middleware.LogOptions{Payloads: true})), nil)
	err := a.Invoke(t.Context(), &rpc.Message{Kind: rpc.KindQuery, Type: string(knock), Payload: make(chan int)}, new(string))
	says(t, err, rpc.Invalid, rpc.NotDelivered, "encode door.knock: encode chan int: json: unsupported type: chan int")
	if lines := near.taken(); len(lines) != 2 || !strings.Contains(lines[0], "payload=unreadable: encode chan int") || !strings.Contains(lines[1], "call failed") {
		t.Errorf("got %q", lines)
	}
}

// choosy is a logger that can be asked for its level, as hclog.Logger can.
type choosy struct {
	record
	debug bool
}

func (*choosy) IsTrace() bool   { return false }
func (c *choosy) IsDebug() bool { return c.debug }
func (*choosy) IsInfo() bool    { return true }
func (*choosy) IsWarn() bool    { return true }
func (*choosy) IsError() bool   { return true }

func TestLoggingAsksForTheLevelOfEachLineBeforeItLooksAtAPayload(t *testing.T) {
	var l choosy
	a := pair(t, nil, only(middleware.Logging(&l, middleware.LogOptions{Payloads: true})), nil, knock.Handle(slow(rpc.Denied)))
	looked := 0
	ask := func() {
		if err := a.Invoke(t.Context(), &rpc.Message{Kind: rpc.KindQuery, Type: string(knock), Payload: counting{&looked}}, new(string)); rpc.CodeOf(err) != rpc.Denied {
			t.Fatal(err)
		}
	}
	ask()
	if lines := l.taken(); len(lines) != 1 || !strings.HasPrefix(lines[0], "warn error ") || looked != 1 {
		t.Errorf("without debug: %q, encoded %d times", lines, looked)
	}
	l.debug = true // levels may change while it runs
	ask()
	if lines := l.taken(); len(lines) != 2 || !strings.HasPrefix(lines[0], "debug request ") || looked != 3 {
		t.Errorf("with debug: %q, encoded %d times", lines, looked)
	}
}

// counting counts how often it is encoded.
type counting struct{ n *int }

func (c counting) MarshalText() ([]byte, error) { *c.n++; return []byte("text"), nil }

func TestLoggingRefusesALevelThatDoesNotExist(t *testing.T) {
	defer func() {
		if p := recover(); p != `middleware: no level "loud": there are trace, debug, info, warn and error` {
			t.Errorf("got %v", p)
		}
	}()
	middleware.Logging(&record{}, middleware.LogOptions{Level: "loud"})
}
