package rpc_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/pipe"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
)

const (
	add  rpc.Method[[2]int, int]           = "add"
	find rpc.Query[string, *greeting]      = "find"
	wipe rpc.Method[struct{}, struct{}]    = "clear"
	fail rpc.Method[string, struct{}]      = "fail"
	seen rpc.Notice[int]                   = "seen"
	pass rpc.Query[map[string]any, string] = "pass"
)

// A line is what travels in isolated-workers/1.
type line struct {
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
	Tx      string          `json:"tx"`
}

// A library is the other end, as the TypeScript library is it: it reads and writes lines.
type library struct {
	t      testing.TB
	stream net.Conn
	lines  *bufio.Reader
	conn   *rpc.Conn
}

// facing connects a Conn of isolated-workers/1 to a library.
func facing(t testing.TB, side rpc.Origin, handlers ...rpc.Handler) *library {
	t.Helper()
	left, right := pipe.New(0)
	opt := rpc.Options{Protocol: rpc.ProtocolIsolatedWorkers, Side: side, Handlers: rpc.NewMux(handlers...)}
	l := &library{t: t, stream: right, lines: bufio.NewReader(right), conn: rpc.NewConn(context.Background(), left, opt)}
	t.Cleanup(func() { l.conn.Close(); right.Close() })
	return l
}

func (l *library) write(text string) {
	l.t.Helper()
	if _, err := l.stream.Write([]byte(text)); err != nil {
		l.t.Fatal(err)
	}
}

func (l *library) text() string {
	l.t.Helper()
	text, err := l.lines.ReadString('\n')
	if err != nil {
		l.t.Fatal(err)
	}
	return text
}

func (l *library) next() (got line) {
	l.t.Helper()
	if err := json.Unmarshal([]byte(l.text()), &got); err != nil {
		l.t.Fatal(err)
	}
	return got
}

// asked is what a worker answers to a line.
func (l *library) asked(text string) string {
	l.t.Helper()
	l.write(text + "\n")
	return strings.TrimSuffix(l.text(), "\n")
}

var uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestAWorkerIsCalledWithARandomUUIDAndItsAnswerIsMatchedByItAlone(t *testing.T) {
	l := facing(t, rpc.FromHost)
	result := make(chan error, 1)
	go func() {
		got, err := add.Call(context.Background(), l.conn, [2]int{2, 40})
		if err == nil && got != 42 {
			err = fmt.Errorf("got %d", got)
		}
		result <- err
	}()
	sent := l.next()
	if sent.Type != "add" || string(sent.Payload) != "[2,40]" || !uuid4.MatchString(sent.Tx) {
		t.Errorf("sent %+v", sent)
	}
	l.write(fmt.Sprintf("\r\nnonsense\n{\"tx\":%q,\"type\":\"whatever\",\"payload\":42,\"extra\":1}\r\n", sent.Tx))
	if err := <-result; err != nil {
		t.Error(err)
	}
	if s := l.conn.Stats(); s.CorruptFrames != 1 || s.Pending != 0 || l.conn.Err() != nil {
		t.Errorf("%+v, %v: want one line dropped and the connection open", s, l.conn.Err())
	}
}

func TestAWorkersErrorIsAnError(t *testing.T) {
	for payload, want := range map[string]rpc.Error{
		`{"message":"boom","name":"InteropError","stack":"at x","code":"E_FAIL"}`: {Code: rpc.Unknown, Message: "boom", Name: "InteropError", Stack: "at x", Details: map[string]any{"code": "E_FAIL"}},
		`{"message":"no","name":"Error","code":"NotFound"}`:                       {Code: rpc.NotFound, Message: "no", Name: "Error", Details: map[string]any{"code": "NotFound"}},
		`{"message":"no","code":404}`:                                             {Code: rpc.Unknown, Message: "no"},
		`{"message":"Unknown message type: fail","name":"Error"}`:                 {Code: rpc.Unimplemented, Message: "Unknown message type: fail", Name: "Error"},
		`{}`:     {Code: rpc.Unknown, Message: "fail: the worker answered an error without a message"},
		`"text"`: {Code: rpc.Protocol, Message: "fail: the error that the worker answered cannot be read: "},
	} {
		l := facing(t, rpc.FromHost)
		result := make(chan error, 1)
		go func() { _, err := fail.Call(context.Background(), l.conn, "x"); result <- err }()
		l.write(fmt.Sprintf("{\"tx\":%q,\"type\":\"failError\",\"payload\":%s}\n", l.next().Tx, payload))
		got := asError(t, <-result)
		if got.Code != want.Code || !strings.HasPrefix(got.Message, want.Message) || got.Name != want.Name || got.Stack != want.Stack || fmt.Sprint(got.Details) != fmt.Sprint(want.Details) {
			t.Errorf("%s: got %+v", payload, got)
		}
	}
}

func TestAMessageNamedLikeAnAnswerIsRefusedBeforeItIsSent(t *testing.T) {
	l := facing(t, rpc.FromHost)
	for _, name := range []string{"addResult", "my.Error"} {
		for _, err := range []error{rpc.Notice[int](name).Send(t.Context(), l.conn, 1), second(rpc.Method[int, int](name).Call(t.Context(), l.conn, 1))} {
			if !errors.Is(err, rpc.Invalid) || rpc.Delivered(err) != rpc.NotDelivered || !strings.Contains(err.Error(), "rename the message") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestTheAnswerToANoticeIsItsAcknowledgement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := facing(t, rpc.FromHost)
		var txs []string
		for n := range 3 {
			if err := seen.Send(t.Context(), l.conn, n); err != nil {
				t.Fatal(err)
			}
			txs = append(txs, l.next().Tx)
		}
		if s := l.conn.Stats(); s.Unacknowledged != 3 || s.Pending != 0 {
			t.Errorf("%+v", s)
		}
		l.write(fmt.Sprintf("{\"tx\":%q,\"type\":\"seenResult\"}\n{\"tx\":%q,\"type\":\"seenError\",\"payload\":{\"message\":\"no\"}}\n", txs[2], txs[0]))
		drained := make(chan error, 1)
		go func() { drained <- l.conn.Drain(context.Background()) }()
		synctest.Wait()
		if len(drained) != 0 {
			t.Fatalf("drained with a notice unanswered: %v", <-drained)
		}
		l.write(fmt.Sprintf("{\"tx\":%q,\"type\":\"seenResult\"}\n{\"tx\":%[1]q,\"type\":\"seenResult\"}\n", txs[1]))
		if err := <-drained; err != nil || l.conn.Stats().Unacknowledged != 0 {
			t.Errorf("%v, %+v", err, l.conn.Stats())
		}
	})
}

func TestWhatTheProtocolHasNoFrameForIsNotWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := facing(t, rpc.FromHost)
		began := time.Now()
		_, err := l.conn.Ping(t.Context())
		if !errors.Is(err, rpc.Unimplemented) || !strings.Contains(err.Error(), "isolated-workers/1 has none") || time.Since(began) != 0 {
			t.Errorf("ping: %v after %s", err, time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := add.Call(ctx, l.conn, [2]int{}); !errors.Is(err, rpc.Timeout) {
			t.Errorf("a call that is not answered: %v", err)
		}
		if err := l.conn.Goodbye(t.Context(), rpc.Goodbye{Then: rpc.GoodbyeStop}); err != nil {
			t.Error(err)
		}
		if _, err := add.Call(t.Context(), l.conn, [2]int{}); !errors.Is(err, rpc.Unavailable) {
			t.Errorf("a call after the goodbye: %v", err)
		}
		if err := l.conn.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		l.conn.Close()
		var all bytes.Buffer
		_, _ = l.lines.WriteTo(&all)
		if strings.Count(all.String(), "\n") != 1 || !strings.HasPrefix(all.String(), `{"type":"add"`) {
			t.Errorf("written: %q", all.String())
		}
	})
}

func workerHandlers() []rpc.Handler {
	return []rpc.Handler{
		add.Handle(func(_ context.Context, n [2]int) (int, error) { return n[0] + n[1], nil }),
		find.Handle(func(context.Context, string) (*greeting, error) { return nil, nil }),
		wipe.Handle(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }),
		seen.Handle(func(_ context.Context, n int) error {
			if n < 0 {
				return errors.New("negative")
			}
			return nil
		}),
		fail.Handle(func(_ context.Context, how string) (struct{}, error) {
			switch how {
			case "own":
				return struct{}{}, &rpc.Error{Message: "boom", Name: "OwnError", Stack: "at x", Details: map[string]any{"code": "E_FAIL"}}
			case "ours":
				return struct{}{}, rpc.Errorf(rpc.NotFound, "nothing")
			}
			return struct{}{}, errors.New("plain")
		}),
	}
}

func TestAWorkerAnswersAsTheLibraryDoes(t *testing.T) {
	l := facing(t, rpc.FromPlugin, workerHandlers()...)
	for ask, want := range map[string]string{
		`{"type":"add","payload":[2,40],"tx":"a"}`:      `{"type":"addResult","payload":42,"tx":"a"}`,
		`{"tx":7,"type":"add","payload":[2,40],"x":[]}`: `{"type":"addResult","payload":42,"tx":7}`,
		`{"type":"find","payload":"x","tx":"b"}`:        `{"type":"findResult","payload":null,"tx":"b"}`,
		`{"type":"clear","tx":"c"}`:                     `{"type":"clearResult","tx":"c"}`,
		`{"type":"seen","payload":1,"tx":"d"}`:          `{"type":"seenResult","tx":"d"}`,
		`{"type":"seen","payload":-1,"tx":"e"}`:         `{"type":"seenError","payload":{"message":"negative","name":"*errors.errorString","stack":"*errors.errorString: negative"},"tx":"e"}`,
		`{"type":"fail","payload":"own","tx":"f"}`:      `{"type":"failError","payload":{"message":"boom","name":"OwnError","stack":"at x","code":"E_FAIL"},"tx":"f"}`,
		`{"type":"fail","payload":"ours","tx":"g"}`:     `{"type":"failError","payload":{"message":"nothing","name":"Error","stack":"Error: nothing","code":"NotFound"},"tx":"g"}`,
		`{"type":"fail","payload":"plain","tx":"h"}`:    `{"type":"failError","payload":{"message":"plain","name":"*errors.errorString","stack":"*errors.errorString: plain"},"tx":"h"}`,
		`{"type":"lost","tx":"i"}`:                      `{"type":"lostError","payload":{"message":"Unknown message type: lost","name":"Error","stack":"Error: Unknown message type: lost"},"tx":"i"}`,
		`{"type":"addResult","tx":"j"}`:                 `{"type":"addResultError","payload":{"message":"Unknown message type: addResult","name":"Error","stack":"Error: Unknown message type: addResult"},"tx":"j"}`,
	} {
		if got := l.asked(ask); got != want {
			t.Errorf("%s\n got %s\nwant %s", ask, got, want)
		}
	}
	if got := l.asked("half a line\n{\"type\":\"add\"}\n\n\r\n" + `{"type":"clear","tx":"z"}`); got != `{"type":"clearResult","tx":"z"}` || l.conn.Stats().CorruptFrames != 2 {
		t.Errorf("after malformed lines: %s, %+v", got, l.conn.Stats())
	}
}

func TestAWorkerHandlesNoticesInOrderOneAtATime(t *testing.T) {
	const count = 200
	var mu sync.Mutex
	var order []int
	busy := false
	l := facing(t, rpc.FromPlugin, seen.Handle(func(_ context.Context, n int) error {
		mu.Lock()
		if busy {
			t.Error("two at a time")
		}
		busy = true
		mu.Unlock()
		runtime.Gosched()
		mu.Lock()
		defer mu.Unlock()
		busy, order = false, append(order, n)
		if n == 3 {
			panic("the third")
		}
		return nil
	}))
	var all strings.Builder
	for n := range count {
		fmt.Fprintf(&all, "{\"type\":\"seen\",\"payload\":%d,\"tx\":\"%d\"}\n", n, n)
	}
	l.write(all.String())
	for n := range count {
		if got := l.next(); got.Tx != fmt.Sprint(n) || (got.Type == "seenError") != (n == 3) {
			t.Fatalf("answer %d: %+v", n, got)
		}
	}
	for n, got := range order {
		if n != got {
			t.Fatalf("the order was %v", order)
		}
	}
}

func TestANoticeHandlerThatEndsItsGoroutineDoesNotEndTheOthers(t *testing.T) {
	l := facing(t, rpc.FromPlugin, seen.Handle(func(_ context.Context, n int) error {
		if n == 0 {
			runtime.Goexit()
		}
		return nil
	}))
	l.write("{\"type\":\"seen\",\"payload\":0,\"tx\":\"a\"}\n{\"type\":\"seen\",\"payload\":1,\"tx\":\"b\"}\n")
	if a, b := l.next(), l.next(); a.Type != "seenError" || b.Type != "seenResult" {
		t.Errorf("%+v, %+v", a, b)
	}
}

func TestAWorkerThatCallsItsHostIsToldThatItCannot(t *testing.T) {
	said := make(chan error, 2)
	l := facing(t, rpc.FromPlugin, wipe.Handle(func(ctx context.Context, _ struct{}) (struct{}, error) {
		_, err := add.Call(ctx, rpc.Caller(ctx), [2]int{})
		said <- err
		said <- seen.Send(ctx, rpc.Caller(ctx), 1)
		return struct{}{}, nil
	}))
	l.asked(`{"type":"clear","tx":"c"}`)
	for range 2 {
		if err := <-said; !errors.Is(err, rpc.Unimplemented) || rpc.Delivered(err) != rpc.NotDelivered || !strings.Contains(err.Error(), "the host speaks isolated-workers/1, in which a plugin answers calls and makes none") {
			t.Error(err)
		}
	}
}

// workerPair is both ends.
func workerPair(t *testing.T, handlers ...rpc.Handler) (*rpc.Conn, *rpc.Conn) {
	return rpctest.PairWith(t, rpc.Options{Protocol: rpc.ProtocolIsolatedWorkers, Side: rpc.FromHost},
		rpc.Options{Protocol: rpc.ProtocolIsolatedWorkers, Side: rpc.FromPlugin, Serializer: codec.MessagePackSerializer{}, Handlers: rpc.NewMux(handlers...)})
}

func TestBothEndsOfIsolatedWorkersUnderstandEachOther(t *testing.T) {
	a, b := workerPair(t, append(workerHandlers(), pass.Handle(func(_ context.Context, v map[string]any) (string, error) { return fmt.Sprint(v["text"]), nil }))...)
	const text = "grüß Gott, 𝄞 and \u2028 and \x00"
	if got, err := pass.Call(t.Context(), a, map[string]any{"text": text}); got != text || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := find.Call(t.Context(), a, "x"); got != nil || err != nil {
		t.Errorf("null: %v, %v", got, err)
	}
	if _, err := wipe.Call(t.Context(), a, struct{}{}); err != nil {
		t.Errorf("void: %v", err)
	}
	_, err := fail.Call(t.Context(), a, "ours")
	if !errors.Is(err, rpc.NotFound) || err.Error() != "nothing" {
		t.Errorf("code: %v", err)
	}
	var e *rpc.Error
	if _, err := fail.Call(t.Context(), a, "own"); !errors.As(err, &e) || e.Details["code"] != "E_FAIL" || e.Name != "OwnError" {
		t.Errorf("own code: %#v", err)
	}
	if _, err := rpc.Method[int, int]("lost").Call(t.Context(), a, 1); !errors.Is(err, rpc.Unimplemented) {
		t.Errorf("unknown type: %v", err)
	}
	if a.Stats().CorruptFrames+b.Stats().CorruptFrames != 0 {
		t.Errorf("%+v, %+v", a.Stats(), b.Stats())
	}
}

func TestAThousandCallsOfIsolatedWorkersAtOnceAllEnd(t *testing.T) {
	a, _ := workerPair(t, workerHandlers()...)
	var wg sync.WaitGroup
	for n := range 1000 {
		wg.Go(func() {
			if n%10 == 0 {
				if err := seen.Send(t.Context(), a, n); err != nil {
					t.Error(err)
				}
			}
			if got, err := add.Call(t.Context(), a, [2]int{n, 1}); got != n+1 || err != nil {
				t.Errorf("%d: %d, %v", n, got, err)
			}
		})
	}
	wg.Wait()
	if err := a.Drain(t.Context()); err != nil || a.Stats().Unacknowledged != 0 {
		t.Errorf("%v, %+v", err, a.Stats())
	}
}

func TestCloseOfAWorkersConnectionEndsItsHandlersAndItsCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		a, b := workerPair(t, wipe.Handle(func(ctx context.Context, _ struct{}) (struct{}, error) {
			<-ctx.Done()
			ended <- ctx.Err()
			return struct{}{}, ctx.Err()
		}))
		result := make(chan error, 1)
		go func() { _, err := wipe.Call(context.Background(), a, struct{}{}); result <- err }()
		synctest.Wait()
		b.Close()
		if err := <-result; !errors.Is(err, rpc.Unavailable) || rpc.Delivered(err) != rpc.PerhapsDelivered {
			t.Errorf("the call: %v", err)
		}
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the handler: %v", err)
		}
	})
}

func TestAProtocolThatThereIsNotIsABugInTheProgram(t *testing.T) {
	defer func() {
		if p := recover(); p == nil || !strings.Contains(p.(string), `expected "hotplug/1" or "isolated-workers/1", found "http/3"`) {
			t.Errorf("NewConn said %v", p)
		}
	}()
	left, _ := pipe.New(0)
	rpc.NewConn(t.Context(), left, rpc.Options{Protocol: "http/3"})
}
