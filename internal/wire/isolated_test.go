package wire_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/go-hotplug/hotplug/internal/wire"
)

var (
	asHost   = wire.IsolatedWorkers(wire.WorkerHost)
	asWorker = wire.IsolatedWorkers(wire.Worker)
)

type sum struct {
	Sum int `json:"sum"`
}

const workerTx = "af980508-43d3-46de-aa9a-2500d5307b93"

func TestIsolatedWorkersLinesAreThoseOfTheLibrary(t *testing.T) {
	tx := wire.Tx{S: workerTx}
	type pair struct {
		A int `json:"a"`
		B int `json:"b"`
	}
	var none *sum
	for _, c := range []struct {
		format  wire.Format
		frame   wire.Frame
		payload any
		want    string
	}{
		{asHost, wire.Frame{Kind: wire.Request, Tx: tx, Type: "add"}, pair{2, 40}, `{"type":"add","payload":{"a":2,"b":40},"tx":"` + workerTx + `"}` + "\n"},
		{asHost, wire.Frame{Kind: wire.Request, Tx: tx, Type: "add", Meta: wire.Meta{Deadline: 5, Headers: map[string]string{"a": "b"}}}, nil, `{"type":"add","tx":"` + workerTx + `"}` + "\n"},
		{asHost, wire.Frame{Kind: wire.Notice, Tx: tx, Type: "saved"}, "x", `{"type":"saved","payload":"x","tx":"` + workerTx + `"}` + "\n"},
		{asHost, wire.Frame{Kind: wire.Request, Tx: wire.Tx{S: "é"}, Type: "grüß"}, "a\n€𝄞\u2028\"", `{"type":"gr\u00fc\u00df","payload":"a\n\u20ac\ud834\udd1e\u2028\"","tx":"\u00e9"}` + "\n"},
		{asHost, wire.Frame{Kind: wire.Cancel, Tx: tx}, nil, ""},
		{asHost, wire.Frame{Kind: wire.Ping, Tx: tx}, nil, ""},
		{asHost, wire.Frame{Kind: wire.Goodbye}, nil, ""},
		{asWorker, wire.Frame{Kind: wire.Result, Tx: tx, Answers: "add"}, sum{42}, `{"type":"addResult","payload":{"sum":42},"tx":"` + workerTx + `"}` + "\n"},
		{asWorker, wire.Frame{Kind: wire.Result, Tx: tx, Answers: "notify"}, nil, `{"type":"notifyResult","tx":"` + workerTx + `"}` + "\n"},
		{asWorker, wire.Frame{Kind: wire.Result, Tx: tx, Answers: "find"}, none, `{"type":"findResult","payload":null,"tx":"` + workerTx + `"}` + "\n"},
		{asWorker, wire.Frame{Kind: wire.Error, Tx: wire.Tx{N: 7}, Answers: "fail"}, map[string]string{"message": "boom"}, `{"type":"failError","payload":{"message":"boom"},"tx":7}` + "\n"},
		{asWorker, wire.Frame{Kind: wire.Credit, Meta: wire.Meta{Items: 3}}, nil, ""},
		{asWorker, wire.Frame{Kind: wire.Pong, Tx: tx}, nil, ""},
	} {
		got, err := c.format.Append([]byte("before"), &c.frame, c.payload, 1000)
		if err != nil || string(got) != "before"+c.want {
			t.Errorf("%s\n got %s, %v\nwant %s", c.frame.Kind, got, err, c.want)
		}
	}
}

func TestIsolatedWorkersLinesAreReadAsWhatTheirSideTakes(t *testing.T) {
	for _, c := range []struct {
		format        wire.Format
		line          string
		kind          wire.Kind
		tx            wire.Tx
		name, payload string
	}{
		{asWorker, `{"type":"add","payload":{"a":2,"b":40},"tx":"` + workerTx + `"}`, wire.Request, wire.Tx{S: workerTx}, "add", `{"a":2,"b":40}`},
		{asWorker, `{"tx":"x","extra":[1,{}],"type":"addResult"}`, wire.Request, wire.Tx{S: "x"}, "addResult", ""},
		{asWorker, `{"tx":12,"type":"add","payload":null}`, wire.Request, wire.Tx{N: 12}, "add", "null"},
		{asHost, `{"tx":"x","type":"addResult","payload":{"sum":42}}`, wire.Result, wire.Tx{S: "x"}, "add", `{"sum":42}`},
		{asHost, `{"tx":"x","type":"failError","payload":{"message":"boom"}}`, wire.Error, wire.Tx{S: "x"}, "fail", `{"message":"boom"}`},
		{asHost, `{"tx":"x","type":"notifyResult"}`, wire.Result, wire.Tx{S: "x"}, "notify", ""},
		{asHost, `{"tx":"x","type":"whatever","payload":null}`, wire.Result, wire.Tx{S: "x"}, "whatever", "null"},
	} {
		f, err := c.format.Decode([]byte(c.line))
		if err != nil || f.Kind != c.kind || f.Tx != c.tx || f.Type+f.Answers != c.name || string(f.Payload) != c.payload || (f.Payload == nil) != (c.payload == "") {
			t.Errorf("%s: got %+v (payload %s), %v", c.line, f, f.Payload, err)
		}
	}
}

func TestIsolatedWorkersMalformedLinesAreDroppedAndTheConnectionGoesOn(t *testing.T) {
	for _, line := range []string{
		"", "{", "[]", "null", `"text"`, "{}", `{"type":"add"}`, `{"tx":"x"}`, `{"type":"add","tx":""}`, `{"type":"add","tx":0}`, `{"type":"add","tx":1.5}`,
		`{"type":"add","tx":{}}`, `{"type":1,"tx":"x"}`, `{"type":"add","tx":"x"} {}`, "{\"type\":\"\xff\",\"tx\":\"x\"}",
	} {
		for _, f := range []wire.Format{asHost, asWorker} {
			_, err := f.Decode([]byte(line))
			if corrupt := (*wire.Corrupt)(nil); !errors.As(err, &corrupt) || !corrupt.Recoverable {
				t.Errorf("%q: %v, want a corrupt line that ends nothing", line, err)
			}
		}
	}
}

func TestIsolatedWorkersSkipsBlankLinesAndCarriageReturns(t *testing.T) {
	r := wire.NewReader(strings.NewReader("\n\r\n{\"type\":\"a\",\"tx\":\"1\"}\r\n\n{\"type\":\"b\",\"tx\":\"2\"}\n"))
	r.SetFraming(asWorker, 100)
	for _, want := range []string{`{"type":"a","tx":"1"}`, `{"type":"b","tx":"2"}`} {
		if buf, err := r.Frame(); err != nil || string(buf.B) != want {
			t.Errorf("got %v, %v, want %s", buf, err, want)
		}
	}
}

func TestIsolatedWorkersSendsNothingThatItsSideDoesNotSay(t *testing.T) {
	for kind, formats := range map[wire.Kind][]wire.Format{
		wire.Request: {asWorker}, wire.Notice: {asWorker}, wire.Result: {asHost}, wire.Error: {asHost}, wire.Item: {asHost, asWorker}, wire.Upload: {asHost, asWorker},
	} {
		for _, f := range formats {
			b, err := f.Append(nil, &wire.Frame{Kind: kind, Tx: wire.Tx{N: 1}, Type: "a", Answers: "a"}, nil, 100)
			if err == nil || len(b) > 0 || !strings.Contains(err.Error(), "isolated-workers/1 sends no frame of kind "+kind.String()) {
				t.Errorf("%s: %q, %v", kind, b, err)
			}
		}
	}
}

func TestIsolatedWorkersFramesOverTheLimitAreRefusedAtTheSender(t *testing.T) {
	f := wire.Frame{Kind: wire.Request, Tx: wire.Tx{S: "x"}, Type: "a"}
	b, err := asHost.Append([]byte("kept"), &f, strings.Repeat("é", 20), 100)
	var large *wire.TooLarge
	if !errors.As(err, &large) || large.Size <= 100 || string(b) != "kept" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestNamesOfAnswersAreRefusedAsNamesOfMessages(t *testing.T) {
	for name, ok := range map[string]bool{"add": true, "Results": true, "errors": true, "addResult": false, "Error": false, "my.Error": false} {
		err := wire.CheckWorkerName(name)
		if ok != (err == nil) || err != nil && !strings.Contains(err.Error(), "rename the message") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProtocolDocumentShowsIsolatedWorkersLinesAsTheyAreWritten(t *testing.T) {
	for words, ends := range map[string][2]wire.Format{"json isolated-workers host->worker": {asHost, asWorker}, "json isolated-workers worker->host": {asWorker, asHost}} {
		for _, e := range examples(t, words) {
			for line := range strings.Lines(e.text) {
				f, err := ends[1].Decode([]byte(strings.TrimSuffix(line, "\n")))
				if err != nil {
					t.Fatalf("line %d: %v", e.line, err)
				}
				var payload any
				if f.Payload != nil {
					payload = json.RawMessage(f.Payload)
				}
				if b, err := ends[0].Append(nil, &f, payload, 1000); string(b) != line || err != nil {
					t.Errorf("line %d: written as %s, %v", e.line, b, err)
				}
			}
		}
	}
}

func FuzzIsolatedWorkersDecode(f *testing.F) {
	f.Add(`{"type":"add","payload":{"a":2,"b":40},"tx":"af98"}`)
	f.Add(`{"tx":"6","type":"failError","payload":{"message":"b€","name":"E","stack":"s","code":"C"}}`)
	f.Add(`{"tx":7,"type":"𝄞","payload":null}`)
	f.Fuzz(func(t *testing.T, line string) {
		for _, side := range []wire.Format{asHost, asWorker} {
			frame, err := side.Decode([]byte(line))
			if err != nil {
				if corrupt := (*wire.Corrupt)(nil); !errors.As(err, &corrupt) || !corrupt.Recoverable {
					t.Fatalf("%T: %v", err, err)
				}
				continue
			}
			var v any
			_ = side.DecodePayload(&frame, &v)
		}
		back, err := asWorker.Decode([]byte(line))
		if err != nil {
			return
		}
		var payload any
		if back.Payload != nil {
			payload = json.RawMessage(back.Payload)
		}
		b, err := asHost.Append(nil, &back, payload, 1<<20)
		if err != nil {
			return // nested too deep, or half a surrogate pair
		}
		if strings.ContainsFunc(string(b), func(r rune) bool { return r > unicode.MaxASCII }) || strings.Count(string(b), "\n") != 1 {
			t.Fatalf("%q became %q", line, b)
		}
		again, err := asWorker.Decode(b[:len(b)-1])
		if err != nil || again.Tx != back.Tx || again.Type != back.Type {
			t.Fatalf("%+v came back as %+v, %v", back, again, err)
		}
	})
}

func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestWorkerStartupIsWhatTheLibrarySets(t *testing.T) {
	s := wire.WorkerStartup{Driver: wire.WorkerDriver, SocketPath: "/run/x/1", Serializer: wire.WorkerSerializer, ConnectTimeout: 30_000}
	env, err := s.Environ()
	want := []string{
		`ISOLATED_WORKERS_STARTUP_DATA={"driver":"child_process","socketPath":"/run/x/1","serializer":"JsonSerializer","serverConnectTimeout":30000}`,
		"ISOLATED_WORKERS_SOCKET_PATH=/run/x/1", "ISOLATED_WORKERS_SERVER_CONNECT_TIMEOUT=30000",
	}
	if err != nil || strings.Join(env, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q, %v", env, err)
	}
}

func TestWorkerStartupIsReadFromTheDataOrTheLegacyVariables(t *testing.T) {
	data := `{"driver":"child_process","socketPath":"/s","serializer":"JsonSerializer","serverConnectTimeout":0,"more":1}`
	for name, c := range map[string]struct {
		env  []string
		want wire.WorkerStartup
	}{
		"data":    {[]string{wire.WorkerStartupEnv, data, wire.WorkerSocketEnv, "/other"}, wire.WorkerStartup{Driver: "child_process", SocketPath: "/s", Serializer: "JsonSerializer"}},
		"legacy":  {[]string{wire.WorkerSocketEnv, "/s", wire.WorkerTimeoutEnv, "500"}, wire.WorkerStartup{Driver: "child_process", SocketPath: "/s", ConnectTimeout: 500}},
		"no time": {[]string{wire.WorkerSocketEnv, "/s"}, wire.WorkerStartup{Driver: "child_process", SocketPath: "/s", ConnectTimeout: 30_000}},
	} {
		if got, err := wire.ReadWorkerStartup(environment(c.env...)); err != nil || *got != c.want {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	if got, err := wire.ReadWorkerStartup(environment()); got != nil || err != nil {
		t.Errorf("without any: %+v, %v", got, err)
	}
}

func TestWorkerStartupThatCannotBeReadIsRefusedInASentence(t *testing.T) {
	for data, want := range map[string]string{
		"{": "expected one JSON object", `{"driver":"worker_threads","socketPath":"/s"}`: `driver: expected "child_process", found "worker_threads"`,
		`{"driver":"child_process"}`: "socketPath: expected the absolute path to listen on, found none", `{"socketPath":"/s","serverConnectTimeout":-1}`: "expected milliseconds",
		`{"socketPath":"/s","serverConnectTimeout":9223372036854775807}`: "at most 2147483647",
	} {
		if _, err := wire.ReadWorkerStartup(environment(wire.WorkerStartupEnv, data)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", data, err, want)
		}
	}
	_, err := wire.ReadWorkerStartup(environment(wire.WorkerSocketEnv, "/s", wire.WorkerTimeoutEnv, "soon"))
	if err == nil || !strings.Contains(err.Error(), `expected milliseconds such as 30000, found "soon": correct or unset it`) {
		t.Error(err)
	}
}

func TestWorkerStartupChecksBothClassNames(t *testing.T) {
	s := wire.WorkerStartup{Serializer: "JsonSerializer"}
	const want = "Serializer mismatch: host uses MsgPack, worker uses JsonSerializer. Ensure both client and server use the same serializer class."
	if got := s.Mismatch(environment(wire.WorkerSerializerEnv, "MsgPack"), "JsonSerializer"); got != want {
		t.Errorf("got %q", got)
	}
	if got := s.Mismatch(environment(wire.WorkerSerializerEnv, "JsonSerializer"), "JsonSerializer"); got != "" {
		t.Errorf("got %q", got)
	}
	if s.Mismatch(environment(), "MsgPack") == "" {
		t.Error("the class name in the data was not compared")
	}
}
