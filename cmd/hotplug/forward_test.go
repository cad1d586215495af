package main

import (
	"context"
	"testing"

	"github.com/go-hotplug/hotplug/rpc"
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

func (p *typist) Notify(context.Context, *rpc.Message) error { return nil }

func (p *typist) Open(context.Context, *rpc.Message) (rpc.Flow, error) {
	return nil, rpc.NotSent(rpc.Unimplemented, "a typist has no streams")
}

func TestAForwardGivesBothWaysTheTypesThatThePluginStates(t *testing.T) {
	type share struct {
		Share float32 `json:"share"`
	}
	p := &typist{use: rpc.Method[share, share]("m").Use(), says: map[string]any{"share": 0.25}}
	res, err := relay("m").Call(t.Context(), p, map[string]any{"share": 0.5})
	if err != nil {
		t.Fatal(err)
	}
	if sent := p.got.Payload.(map[string]any)["share"]; sent != float32(0.5) || p.got.Kind != rpc.KindMethod {
		t.Errorf("sent %T %v as a %s", sent, sent, p.got.Kind)
	}
	if back := res.(map[string]any)["share"]; back != float32(0.25) {
		t.Errorf("answered %T %v", back, back)
	}
}

func TestForwardsAreCheckedBeforeAnythingStarts(t *testing.T) {
	s := newShelf(t).sample("counter")
	for text, want := range map[string]string{
		"counter.add":           `--forward: found "counter.add", want MESSAGE=PLUGIN`,
		"=counter":              "want MESSAGE=PLUGIN",
		"counter.add=":          "want MESSAGE=PLUGIN",
		"hotplug.start=counter": `message "hotplug.start" begins with "hotplug."`,
	} {
		command(t, "call", "--forward", text, s.dir, "counter", "counter.get").exits(t, exitUsage).complains(t, want)
	}
	command(t, "run", "--forward", "a=counter", "--forward", "a=counter", s.dir).exits(t, exitUsage).complains(t, `message "a" is forwarded twice`)
	command(t, "run", "--forward", "a=conter", s.dir).exits(t, exitUnavailable).complains(t, `did you mean "counter"?`)
	command(t, "run", "--log-level", "loud", s.dir).exits(t, exitUsage).complains(t, `--log-level: found "loud", want trace, debug`)
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
