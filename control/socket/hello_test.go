package socket_test

import (
	"bufio"
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/go-hotplug/hotplug/control/socket"
	"github.com/go-hotplug/hotplug/internal/pipe"
	"github.com/go-hotplug/hotplug/rpc"
)

const echo rpc.Query[string, string] = "test.echo"

func echoing(context.Context, string) (string, error) { return "", nil }

// greeted does both ends' handshake in memory.
func greeted(t *testing.T) (caller, host *rpc.Conn) {
	t.Helper()
	near, far := pipe.New(0)
	answered := make(chan error, 1)
	go func() {
		var err error
		host, err = socket.Answer(t.Context(), far, []rpc.Handler{echo.Handle(echoing)}, nil)
		answered <- err
	}()
	caller, err := socket.Greet(t.Context(), near)
	if err == nil {
		err = <-answered
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { caller.Close(); host.Close() })
	return caller, host
}

func TestAHandshakeMakesAConnectionThatCarriesMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caller, host := greeted(t)
		if _, err := echo.Call(t.Context(), caller, "x"); err != nil {
			t.Error(err)
		}
		caller.Close()
		host.Close()
	})
}

func TestTypesThatDoNotFitAreRefusedBeforeAByteIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caller, host := greeted(t)
		const other rpc.Query[int, string] = "test.echo"
		_, err := other.Call(t.Context(), caller, 1)
		if err == nil || rpc.Delivered(err) != rpc.NotDelivered || !strings.Contains(err.Error(), "test.echo") {
			t.Errorf("got %v", err)
		}
		caller.Close()
		host.Close()
	})
}

// against has one end do its handshake with another end that says a line, and returns its error and what it said. An empty line is silence, "close" the end.
func against(t *testing.T, end func(context.Context, net.Conn) (*rpc.Conn, error), line string) (said string, why error) {
	t.Helper()
	near, far := pipe.New(0)
	defer far.Close()
	go func() {
		switch line {
		case "":
		case "close":
			far.Close()
		default:
			far.Write([]byte(line + "\n"))
		}
	}()
	conn, why := end(t.Context(), near)
	if why == nil {
		conn.Close()
		t.Fatalf("%s: no error", line)
	}
	said, _ = bufio.NewReader(far).ReadString('\n')
	return said, why
}

func answer(ctx context.Context, stream net.Conn) (*rpc.Conn, error) {
	return socket.Answer(ctx, stream, nil, nil)
}

func TestACallerThatDoesNotFitIsToldWhyInASentence(t *testing.T) {
	for line, want := range map[string]string{
		`{"control":[2,3],"serializer":"MessagePackSerializer"}`: "control version mismatch: the host speaks 1, the other side offers 2, 3: use the command of the host's version",
		`{}`: "control version mismatch: the host speaks 1, the other side offers none: use the command of the host's version",
		`{"control":[1],"serializer":"JsonSerializer"}`: `serializer mismatch: the host uses "MessagePackSerializer", who looks at it uses "JsonSerializer": use the command of the host's version`,
		`GET / HTTP/1.1`: `expected a line of JSON that begins the conversation of a control socket, found "GET / HTTP/1.1": `,
		"":               "the other side did not finish the handshake within 10s",
		"close":          "the other side closed the connection in the middle of the handshake",
	} {
		synctest.Test(t, func(t *testing.T) {
			said, why := against(t, answer, line)
			if !strings.HasPrefix(why.Error(), want) {
				t.Errorf("%q: got %v, want %s", line, why, want)
			}
			if line != "" && line != "close" && !strings.Contains(said, `"error":{"code":"Protocol","message":`) {
				t.Errorf("%q: the caller was told %q", line, said)
			}
		})
	}
}

func TestAHostThatDoesNotFitIsASentence(t *testing.T) {
	for line, want := range map[string]string{
		`{"error":{"code":"Protocol","message":"control version mismatch: so it is"}}`: "control version mismatch: so it is",
		`{"control":2,"serializer":"MessagePackSerializer"}`:                           "control version mismatch: this side offers 1, the host picked 2: use the command of the host's version",
		`{"control":1,"serializer":"JsonSerializer"}`:                                  `serializer mismatch: the host uses "JsonSerializer", who looks at it uses "MessagePackSerializer": use the command of the host's version`,
		`SSH-2.0`: "expected a line of JSON that begins the conversation of a control socket",
		"":        "the other side did not finish the handshake within 10s",
		"close":   "the other side closed the connection in the middle of the handshake",
	} {
		synctest.Test(t, func(t *testing.T) {
			if _, why := against(t, socket.Greet, line); !strings.HasPrefix(why.Error(), want) {
				t.Errorf("%q: got %v, want %s", line, why, want)
			}
		})
	}
}
