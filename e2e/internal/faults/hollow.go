package faults

import (
	"fmt"
	"io"
	"strings"

	"github.com/go-hotplug/hotplug/internal/wire"
)

// hollow are lists of a handshake line that are short, for what would be built of them.
var hollow = []string{
	`"handles":` + repeat(340_000, "{}"),
	`"uses":` + repeat(340_000, "{}"),
	`"handles":` + repeat(80_000, `{"name":"a"}`),
	`"handles":` + repeat(1000, `{"name":"a","payload":`+strings.Repeat(`{"list":`, 63)+"null"+strings.Repeat("}", 63)+"}"),
	`"features":` + repeat(250_000, `"a"`),
}

// hollowEnds are what is said of each.
var hollowEnds = []string{
	"message 1 of handles or uses in the handshake line has no name: each needs one",
	"message 1 of handles or uses in the handshake line has no name: each needs one",
	"the handshake line has 80000 messages in handles or uses, at most 4096 are allowed",
	"the shapes of handles or uses in the handshake line have 32832 parts",
	"the handshake line has 250000 features, at most 64 are allowed",
}

// repeat is a JSON array of n times one element.
func repeat(n int, element string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
}

// hollows answers as it should, with one of those lists.
func hollows(s *wire.Stream, startup *wire.Startup, turn int) bool {
	fmt.Fprintf(s, `{"hotplug":1,"serializer":%q,"answer":%q,%s}`+"\n", startup.Serializer, startup.Answer, hollow[turn%len(hollow)])
	hearOut(s)
	return true
}

// hollowHello is the line of a host that has one of those lists.
func hollowHello(w io.Writer, list string) {
	_, _ = fmt.Fprintf(w, `{"hotplug":[1],"serializer":"MessagePackSerializer","token":"",%s}`+"\n", list)
}
