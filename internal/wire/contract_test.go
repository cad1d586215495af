package wire_test

import (
	"reflect"
	"testing"

	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/shape"
)

func message[Req, Res any](name, kind string) wire.Message {
	return wire.Message{Name: name, Kind: kind, Payload: shape.OfType(reflect.TypeFor[Req]()), Reply: shape.OfType(reflect.TypeFor[Res]())}
}

type (
	narrow struct {
		Age int8 `json:"age"`
	}
	wide struct {
		Age  int64  `json:"age"`
		Note string `json:"note,omitempty"`
	}
)

func TestCheckMessageNamesTheMessageTheFieldAndBothShapes(t *testing.T) {
	for name, c := range map[string]struct {
		used, handled wire.Message
		want          string
	}{
		"payload field": {message[wide, string]("greet", "method"), message[narrow, string]("greet", "method"), `message "greet": field "age" is int64 here and int8 there`},
		"payload":       {message[string, string]("greet", "method"), message[bool, string]("greet", "method"), `message "greet": payload is string here and bool there`},
		"reply field":   {message[string, narrow]("greet", "query"), message[string, wide]("greet", "query"), `message "greet": reply field "age" is int8 here and int64 there`},
		"reply":         {message[string, string]("greet", "method"), message[string, int64]("greet", "method"), `message "greet": reply is string here and int64 there`},
		"a query used where a method is handled": {message[string, string]("greet", "query"), message[string, string]("greet", "method"),
			`message "greet" is a query here and a method there: both ends must be built from the same contract`},
		"a notice used where a method is handled": {message[string, string]("greet", "notice"), message[string, string]("greet", "method"),
			`message "greet" is a notice here and a method there: both ends must be built from the same contract`},
	} {
		if err := wire.CheckMessage(&c.used, &c.handled); err == nil || err.Error() != c.want {
			t.Errorf("%s:\ngot  %v\nwant %s", name, err, c.want)
		}
	}
}

func TestCheckMessageTakesWhatMayDiffer(t *testing.T) {
	opaque := wire.Message{Name: "greet"}
	method := message[wide, narrow]("greet", "method")
	for name, c := range map[string]struct{ used, handled wire.Message }{
		"itself":                                 {method, method},
		"a method used where a query is handled": {method, message[wide, narrow]("greet", "query")},
		"nothing stated here":                    {opaque, method},
		"nothing stated there":                   {method, opaque},
		"a wider receiver, a field it lacks": {message[wide, int64]("greet", "method"), message[struct {
			Age int64 `json:"age"`
		}, int8]("greet", "method")},
	} {
		if err := wire.CheckMessage(&c.used, &c.handled); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckUsesLeavesWhatIsNotHandledToTheFirstCallUnlessRequired(t *testing.T) {
	uses := []wire.Message{message[string, string]("greet", "method"), message[string, string]("shout", "method")}
	handles := uses[:1]
	if err := wire.CheckUses(uses, handles, false); err != nil {
		t.Errorf("not required: %v", err)
	}
	want := `message "shout" is used here and not handled there`
	if err := wire.CheckUses(uses, handles, true); err == nil || err.Error() != want {
		t.Errorf("required: got %v", err)
	}
	if err := wire.CheckUses(uses, []wire.Message{message[bool, string]("greet", "method")}, false); err == nil {
		t.Error("a payload of another shape is taken")
	}
}
