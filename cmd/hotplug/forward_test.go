package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
	"github.com/go-hotplug/hotplug/shape"
)

func TestAMethodIsForwardedAsAQueryIs(t *testing.T) {
	s := newShelf(t).sample("counter").sample("crasher", `"serializer": "JsonSerializer"`)
	for message, c := range map[string][2]string{
		"counter.add": {`{"by": 2}`, `{"payload":{"value":2}}`},
		"counter.get": {`{}`, `{"payload":{"value":0}}`},
	} {
		got := command(t, "call", "--forward", message+"=counter", s.dir, "crasher", "crasher.callHost", `{"type": "`+message+`", "payload": `+c[0]+`}`).exits(t, exitOK)
		if got.out != c[1]+"\n" {
			t.Errorf("%s: got %s, want %s", message, got, c[1])
		}
	}
}

// A typist is a peer that states the types of one message and answers with what a serializer would make of them.
type typist struct {
	use  rpc.Use
	got  *rpc.Message
	says any
}

func (p *typist) Ready(context.Context) error { return nil }
func (p *typist) Handles() []rpc.Use          { return []rpc.Use{p.use} }

func (p *typist) Invoke(_ context.Context, m *rpc.Message, reply any) error {
	p.got = m
	*reply.(*any) = p.says
	return nil
}

func (p *typist) Notify(_ context.Context, m *rpc.Message) error { p.got = m; return nil }

func (p *typist) Open(_ context.Context, m *rpc.Message) (rpc.Flow, error) {
	p.got = m
	return &typistFlow{p: p}, nil
}

// A typistFlow has one item, and ends.
type typistFlow struct {
	p    *typist
	over bool
	sent []any
}

func (f *typistFlow) Send(item any) error { f.sent = append(f.sent, item); return nil }
func (f *typistFlow) CloseSend() error    { return nil }
func (f *typistFlow) Close()              {}

func (f *typistFlow) Recv(item any) error {
	if f.over {
		return io.EOF
	}
	f.over = true
	return f.Result(item)
}

func (f *typistFlow) Result(reply any) error {
	*reply.(*any) = f.p.says
	return nil
}

type share struct {
	Share float32 `json:"share"`
}

// shareOf is the number in what the host passes on, which knows no share.
func shareOf(v any) any { return v.(map[string]any)["share"] }

func TestAForwardGivesBothWaysTheTypesThatThePluginStates(t *testing.T) {
	p := &typist{use: rpc.Method[share, share]("m").Use(), says: map[string]any{"share": 0.25}}
	var res any
	err := (&typing{p, statedBy(t.Context(), p, "m")}).Invoke(t.Context(), &rpc.Message{Kind: rpc.KindQuery, Type: "m", Payload: map[string]any{"share": 0.5}}, &res)
	if err != nil {
		t.Fatal(err)
	}
	if sent := shareOf(p.got.Payload); sent != float32(0.5) || p.got.Kind != rpc.KindMethod {
		t.Errorf("sent %T %v as a %s", sent, sent, p.got.Kind)
	}
	if back := shareOf(res); back != float32(0.25) {
		t.Errorf("answered %T %v", back, back)
	}
	p.use = rpc.Notice[share]("m").Use()
	note := &rpc.Message{Kind: rpc.KindNotice, Type: "m", Payload: map[string]any{"share": 0.5}}
	if err := (&typing{p, p.use}).Notify(t.Context(), note); err != nil || shareOf(p.got.Payload) != float32(0.5) || shareOf(note.Payload) != 0.5 {
		t.Errorf("%v: noted %#v, and the message that was given is %#v", err, p.got.Payload, note.Payload)
	}
}

func TestItemsOfAForwardHaveTheTypesThatThePluginStates(t *testing.T) {
	for kind, use := range map[rpc.Kind]rpc.Use{
		rpc.KindStream: rpc.Stream[share, share]("m").Use(),
		rpc.KindUpload: rpc.Upload[share, share]("m").Use(),
		rpc.KindDuplex: rpc.Duplex[share, share]("m").Use(),
	} {
		p := &typist{use: use, says: map[string]any{"share": 0.25}}
		f, err := (&typing{p, statedBy(t.Context(), p, "m")}).Open(t.Context(), &rpc.Message{Kind: kind, Type: "m", Payload: map[string]any{"share": 0.5}})
		if err != nil {
			t.Fatal(err)
		}
		if kind == rpc.KindStream && shareOf(p.got.Payload) != float32(0.5) {
			t.Errorf("%s: sent %#v", kind, p.got.Payload)
		}
		var item, reply any
		if err := errors.Join(f.Send(map[string]any{"share": 0.5}), f.Recv(&item), f.Result(&reply)); err != nil {
			t.Fatal(err)
		}
		sent := f.(*typingFlow).Flow.(*typistFlow).sent[0]
		if shareOf(sent) != float32(0.5) || shareOf(item) != float32(0.25) || shareOf(reply) != float32(0.25) {
			t.Errorf("%s: sent %#v, received %#v, answered %#v", kind, sent, item, reply)
		}
		if err := f.Recv(&item); err != io.EOF {
			t.Errorf("%s: behind the last item: %v", kind, err)
		}
	}
}

// twins installs a plugin that passes what it is asked on to its host, and one that answers it; each speaks another serializer.
func (s *shelf) twins() *shelf {
	s.t.Helper()
	s.sample("oddity", `"serializer": "MessagePackSerializer"`)
	program, err := os.ReadFile(filepath.Join(built, exe("oddity")))
	if err != nil {
		s.t.Fatal(err)
	}
	s.file("twin/"+exe("twin"), string(program), 0o755)
	s.file("twin/plugin.json", manifestText("twin", "1.0.0", exe("twin"), `"serializer": "JsonSerializer"`, `"env": {"set": {"ODDITY": "answers"}}`), 0o644)
	return s
}

func TestEveryKindOfMessageIsForwardedThatIsNamedWithIt(t *testing.T) {
	s := newShelf(t).twins()
	for forwarded, c := range map[string]struct{ message, payload, in, want string }{
		"e2e.double":        {"oddity.relay", `{"n": 3}`, "", "{\"n\":12}\n"},
		"method:e2e.double": {"oddity.relay", `{"n": 3}`, "", "{\"n\":12}\n"},
		"stream:e2e.count":  {"e2e.count", `{"n": 3}`, "", "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n"},
		"upload:e2e.sum":    {"e2e.sum", "-", strings.Repeat("{\"n\": 2}\n", 2000), "{\"n\":4000}\n"},
		"duplex:e2e.chat":   {"e2e.chat", "-", "{\"n\": 7}\n{\"n\": 8}\n", "{\"n\":-7}\n{\"n\":-8}\n"},
	} {
		got := on(t, stdin(c.in), "call", "--forward", forwarded+"=twin", s.dir, "oddity", c.message, c.payload).exits(t, exitOK)
		if got.out != c.want || got.err != "" {
			t.Errorf("%s: want %q, got %s", forwarded, c.want, got)
		}
	}
}

func TestAForwardCarriesProgressAndTheErrorThatEndsAStream(t *testing.T) {
	s := newShelf(t).twins()
	got := command(t, "call", "--progress", "--forward", "stream:e2e.count=twin", s.dir, "oddity", "e2e.count", `{"n": 13}`).exits(t, exitAnswer)
	if strings.Count(got.out, "\n") != 13 || !strings.Contains(got.err, "e2e.count: 13 of 13\n") || !strings.Contains(got.err, "e2e.count: Conflict: thirteen\n") {
		t.Errorf("want 13 items, the last report and the error, got %s", got)
	}
}

func TestAMessageThatIsForwardedAsAnotherKindIsRefused(t *testing.T) {
	s := newShelf(t).twins()
	for forwarded, want := range map[string]string{
		"e2e.count":        `message "e2e.count" is a stream here and a query there`,
		"upload:e2e.count": `message "e2e.count" is a stream here and an upload there`,
	} {
		command(t, "call", "--forward", forwarded+"=twin", s.dir, "oddity", "e2e.count", `{"n": 3}`).exits(t, exitAnswer).complains(t, want)
	}
}

func TestANoticeIsForwarded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		heard := make(chan share, 1)
		next, _ := rpctest.Pair(t, nil, []rpc.Handler{rpc.Notice[share]("m").Handle(func(_ context.Context, v share) error { heard <- v; return nil })})
		to := func(context.Context) (rpc.Peer, error) { return next, nil }
		p, _ := rpctest.Pair(t, nil, []rpc.Handler{relay{"m", rpc.KindNotice}.Relay(to)})
		if err := rpc.Notice[share]("m").Send(t.Context(), p, share{0.5}); err != nil {
			t.Fatal(err)
		}
		if got := <-heard; got.Share != 0.5 {
			t.Errorf("got %v", got)
		}
	})
}

func TestForwardsAreCheckedBeforeAnythingStarts(t *testing.T) {
	s := newShelf(t).sample("counter")
	for text, want := range map[string]string{
		"counter.add":           `--forward: found "counter.add", want MESSAGE=PLUGIN`,
		"=counter":              "want MESSAGE=PLUGIN",
		"counter.add=":          "want MESSAGE=PLUGIN",
		"stream:=counter":       "want MESSAGE=PLUGIN",
		"hotplug.start=counter": `message "hotplug.start" begins with "hotplug."`,

		"stream:hotplug.start=counter": `message "hotplug.start" begins with "hotplug."`,
		"steam:counter.watch=counter":  `--forward: found "steam", which is no kind of message: did you mean "stream"?`,
	} {
		command(t, "call", "--forward", text, s.dir, "counter", "counter.get").exits(t, exitUsage).complains(t, want)
	}
	command(t, "run", "--forward", "a=counter", "--forward", "a=counter", s.dir).exits(t, exitUsage).complains(t, `message "a" is forwarded twice`)
	command(t, "run", "--forward", "a=counter", "--forward", "stream:a=counter", s.dir).exits(t, exitUsage).complains(t, `message "a" is forwarded twice`)
	command(t, "run", "--forward", "a=conter", s.dir).exits(t, exitUnavailable).complains(t, `did you mean "counter"?`)
	command(t, "run", "--log-level", "loud", s.dir).exits(t, exitUsage).complains(t, `--log-level: found "loud", want trace, debug`)
}

func TestAColonBelongsToANameUnlessAKindIsBeforeIt(t *testing.T) {
	for text, want := range map[string]relay{
		"a": {name: "a"}, "stream:a": {"a", rpc.KindStream}, "notice:a:b": {"a:b", rpc.KindNotice}, "urn:a": {name: "urn:a"},
	} {
		if got, err := parseRelay(text); got != want || err != nil {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
}

func TestAForwardedValueHasTheTypesOfTheOneWhoTakesIt(t *testing.T) {
	s := shape.Of[struct {
		Share float32 `json:"share"`
		Data  []byte  `json:"data"`
	}]()
	got, ok := retyped(s, map[string]any{"share": 0.5, "data": "AQI="}).(map[string]any)
	if data, isBytes := got["data"].([]byte); !ok || got["share"] != float32(0.5) || !isBytes || len(data) != 2 {
		t.Errorf("got %#v", got)
	}
	other := map[string]any{"later": int64(1)}
	if got, ok := retyped(s, other).(map[string]any); !ok || got["later"] != int64(1) {
		t.Errorf("what the shape does not know is to be passed on as it is, got %#v", got)
	}
}
