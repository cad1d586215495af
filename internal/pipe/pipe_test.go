package pipe_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-hotplug/hotplug/internal/pipe"
)

// inBubble runs f on fake time with both ends of a pipe whose buffers hold size bytes.
func inBubble(t *testing.T, size int, f func(t *testing.T, a, b net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe.New(size)
		defer a.Close()
		defer b.Close()
		f(t, a, b)
	})
}

// result is what a Read or Write that runs on the side returned.
type result struct {
	n    int
	err  error
	took time.Duration
}

// aside runs call in a goroutine, lets it come to a halt, and returns where its result will be.
func aside(call func([]byte) (int, error), p []byte) <-chan result {
	done := make(chan result, 1) // sent to once; buffered so that nobody need wait for it
	began := time.Now()
	go func() {
		n, err := call(p)
		done <- result{n, err, time.Since(began)}
	}()
	synctest.Wait()
	return done
}

func waits(t *testing.T, done <-chan result) {
	t.Helper()
	select {
	case r := <-done:
		t.Fatalf("returned %d, %v instead of waiting", r.n, r.err)
	default:
	}
}

func returned(t *testing.T, done <-chan result, n int, is error) result {
	t.Helper()
	r := <-done
	if r.n != n || !errors.Is(r.err, is) {
		t.Fatalf("returned %d, %v; want %d, %v", r.n, r.err, n, is)
	}
	return r
}

func mustWrite(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if n, err := c.Write([]byte(text)); n != len(text) || err != nil {
		t.Fatalf("Write(%q) = %d, %v", text, n, err)
	}
}

func mustRead(t *testing.T, c net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("read %q, %v; want %q", got, err, want)
	}
}

func TestWriteReturnsBeforeAnybodyReads(t *testing.T) {
	inBubble(t, 4, func(t *testing.T, a, b net.Conn) {
		mustWrite(t, a, "ping")
		mustWrite(t, b, "pong")
		mustRead(t, b, "ping")
		mustRead(t, a, "pong")
	})
}

func TestZeroSizeMeansDefaultSize(t *testing.T) {
	inBubble(t, 0, func(t *testing.T, a, b net.Conn) {
		mustWrite(t, a, string(make([]byte, pipe.DefaultSize)))
		waits(t, aside(a.Write, []byte{1}))
	})
}

func TestFullBufferBlocksTheWriterUntilThereIsRoom(t *testing.T) {
	inBubble(t, 4, func(t *testing.T, a, b net.Conn) {
		done := aside(a.Write, []byte("abcdefghij"))
		waits(t, done)
		mustRead(t, b, "abcd")
		synctest.Wait()
		waits(t, done)
		mustRead(t, b, "efghij")
		returned(t, done, 10, nil)
	})
}

func TestReadWaitsForBytesAndTakesWhatIsThere(t *testing.T) {
	inBubble(t, 8, func(t *testing.T, a, b net.Conn) {
		p := make([]byte, 8)
		done := aside(b.Read, p)
		waits(t, done)
		mustWrite(t, a, "abc")
		returned(t, done, 3, nil)
		if string(p[:3]) != "abc" {
			t.Errorf("read %q", p[:3])
		}
	})
}

func TestBytesStayInOrderAcrossTheEndOfTheRing(t *testing.T) {
	inBubble(t, 5, func(t *testing.T, a, b net.Conn) {
		for i := range 50 {
			chunk := "0123456789"[i%5 : i%5+3]
			mustWrite(t, a, chunk)
			mustRead(t, b, chunk)
		}
	})
}

func TestCloseLetsThePeerReadTheRestAndThenEOF(t *testing.T) {
	inBubble(t, 8, func(t *testing.T, a, b net.Conn) {
		mustWrite(t, a, "last")
		a.Close()
		if got, err := io.ReadAll(b); string(got) != "last" || err != nil {
			t.Errorf("ReadAll = %q, %v", got, err)
		}
	})
}

func TestCloseWakesTheWritersOfBothEnds(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, a, b net.Conn) {
		own, peer := aside(a.Write, []byte("abc")), aside(b.Write, []byte("xyz"))
		waits(t, own)
		waits(t, peer)
		a.Close()
		returned(t, own, 1, net.ErrClosed)
		returned(t, peer, 1, syscall.EPIPE)
	})
}

func TestCloseWakesTheReadersOfBothEnds(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, a, b net.Conn) {
		peer, own := aside(b.Read, make([]byte, 1)), aside(a.Read, make([]byte, 1))
		waits(t, peer)
		waits(t, own)
		a.Close()
		returned(t, peer, 0, io.EOF)
		returned(t, own, 0, io.ErrClosedPipe)
	})
}

func TestUseAfterCloseNamesTheSideThatClosed(t *testing.T) {
	inBubble(t, 8, func(t *testing.T, a, b net.Conn) {
		a.Close()
		_, own := a.Write([]byte("x"))
		_, peer := b.Write([]byte("x"))
		for _, err := range []error{own, peer} {
			if !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("%v is not io.ErrClosedPipe", err)
			}
		}
		if !errors.Is(own, net.ErrClosed) || errors.Is(peer, net.ErrClosed) || !errors.Is(peer, syscall.EPIPE) {
			t.Errorf("own write: %v, peer's write: %v", own, peer)
		}
		if err := a.SetDeadline(time.Now()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("SetDeadline = %v", err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("second Close = %v", err)
		}
	})
}

func TestCloseWriteEndsOneDirectionOnly(t *testing.T) {
	inBubble(t, 8, func(t *testing.T, a, b net.Conn) {
		mustWrite(t, a, "bye")
		if err := a.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Write after CloseWrite = %v", err)
		}
		if err := a.SetDeadline(time.Time{}); err != nil {
			t.Errorf("SetDeadline after CloseWrite = %v", err)
		}
		if got, err := io.ReadAll(b); string(got) != "bye" || err != nil {
			t.Errorf("ReadAll = %q, %v", got, err)
		}
		mustWrite(t, b, "here")
		mustRead(t, a, "here")
	})
}

func TestEmptyReadAndWriteReturnAtOnce(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, a, b net.Conn) {
		mustWrite(t, a, "x")
		if n, err := a.Write(nil); n != 0 || err != nil {
			t.Errorf("Write(nil) = %d, %v", n, err)
		}
		if n, err := a.Read(nil); n != 0 || err != nil {
			t.Errorf("Read(nil) = %d, %v", n, err)
		}
	})
}

func TestPipeIsANetConnWithAddresses(t *testing.T) {
	a, b := pipe.New(1)
	for _, c := range []net.Conn{a, b} {
		if c.LocalAddr().Network() != "pipe" || c.RemoteAddr().String() != "pipe" {
			t.Errorf("addresses %v, %v", c.LocalAddr(), c.RemoteAddr())
		}
	}
}

func TestTimeoutIsTheNetErrorThatCallersTest(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, a, b net.Conn) {
		a.SetReadDeadline(time.Now().Add(-time.Second))
		_, err := a.Read(make([]byte, 1))
		timeout, ok := errors.AsType[net.Error](err)
		if !ok || !timeout.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Read = %v", err)
		}
	})
}

func TestConcurrentWritesAreNotMixed(t *testing.T) {
	inBubble(t, 7, func(t *testing.T, a, b net.Conn) {
		const writers, size = 8, 100
		for i := range writers {
			go a.Write(bytes.Repeat([]byte{byte('a' + i)}, size))
		}
		got := make([]byte, writers*size)
		if _, err := io.ReadFull(b, got); err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(got); i += size {
			if want := bytes.Repeat(got[i:i+1], size); !bytes.Equal(got[i:i+size], want) {
				t.Errorf("bytes %d to %d are of several writes: %q", i, i+size, got[i:i+size])
			}
		}
	})
}

// The newcomer finds room, and the lock free, while the one that waited is still waking up.
func TestWriteDoesNotOvertakeOneThatIsHalfDone(t *testing.T) {
	inBubble(t, 4, func(t *testing.T, a, b net.Conn) {
		for range 100 {
			done := aside(a.Write, []byte("aaaaaa"))
			mustRead(t, b, "aaaa")
			mustWrite(t, a, "cc")
			mustRead(t, b, "aacc")
			returned(t, done, 6, nil)
		}
	})
}

func TestConcurrentReadersShareTheBytes(t *testing.T) {
	inBubble(t, 16, func(t *testing.T, a, b net.Conn) {
		const readers, total = 4, 10_000
		counts := make(chan int, readers) // one from each reader
		for range readers {
			go func() {
				n, err := io.Copy(io.Discard, b)
				if err != nil {
					t.Errorf("Copy: %v", err)
				}
				counts <- int(n)
			}()
		}
		mustWrite(t, a, string(make([]byte, total)))
		a.Close()
		sum := 0
		for range readers {
			sum += <-counts
		}
		if sum != total {
			t.Errorf("readers got %d bytes of %d", sum, total)
		}
	})
}
