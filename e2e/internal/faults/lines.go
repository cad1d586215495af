package faults

import (
	"fmt"
	"strings"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// unreadable are lines of JsonSerializer that are no frames. Each is dropped.
var unreadable = []string{
	"garbage", "[]", "7", `"text"`, "{", `{"kind":"request"`, `{"kind":7,"tx":1}`, `{"kind":"loud","tx":1}`, `{"kind":"kind1","tx":1}`, `{"kind":"kind999","tx":1}`,
	`{"kind":"request","tx":-1}`, `{"kind":"request","tx":1.5}`, `{"kind":"request","tx":1e300}`, `{"kind":"request","tx":18446744073709551616}`, `{"kind":"request","tx":[1]}`,
	`{"kind":"request","tx":1,"meta":7}`, `{"kind":"request","tx":1,"meta":{"deadline":"soon"}}`, `{"kind":"request","tx":1,"type":{}}`,
	"{\"kind\":\"request\",\"tx\":\"\xff\"}", strings.Repeat("[", 100_000), `{"kind":"ping","meta":` + strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000) + "}",
}

// lines are what breaks the rules of text.
func lines(l wire.Limits) []Fault {
	over := fmt.Sprintf("is over the limit of %d bytes (maxFrame)", l.Frame)
	all := []Fault{
		{Name: "lines that cannot be read", Inject: func(p *Peer, _ int) {
			for range 50 {
				p.Write([]byte(strings.Join(unreadable, "\n") + "\n\n\r\n"))
			}
		}},
		{Name: "a line over the limit, and one without an end", Ends: []string{over, over}, Inject: func(p *Peer, turn int) {
			p.Write([]byte(strings.Repeat(" ", l.Frame+1) + []string{"\n", ""}[turn]))
			for {
				p.Write([]byte(strings.Repeat(" ", 1<<20)))
			}
		}},
		{Name: "a line of 129 headers", Ends: []string{"129 headers are over the limit of 128"}, Inject: func(p *Peer, _ int) {
			headers := map[string]string{}
			for n := range 129 {
				headers[fmt.Sprint(n)] = ""
			}
			p.call(string(Echo), wire.Meta{Headers: headers}, nil)
		}},
		{Name: "payloads that are no values, or not what the handler takes", Inject: func(p *Peer, _ int) {
			for _, payload := range []string{`"\ud800"`, `[1e400]`, "[[" + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + "]]", `{"a":1,"a":2}`} {
				p.tx++
				p.Write(fmt.Appendf(nil, `{"kind":"request","tx":%d,"type":%q,"payload":%s}`+"\n", p.tx, Order, payload))
				p.await(wire.Error)
			}
		}},
	}
	for i := range all {
		all[i].Serializer = "JsonSerializer"
	}
	return all
}
