package pipe_test

import (
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestReadDeadlineEndsAWaitingRead(t *testing.T) {
	inBubble(t, 4, func(t *testing.T, a, b net.Conn) {
		a.SetReadDeadline(time.Now().Add(time.Minute))
		r := returned(t, aside(a.Read, make([]byte, 1)), 0, os.ErrDeadlineExceeded)
		if r.took != time.Minute {
			t.Errorf("took %v", r.took)
		}
	})
}

func TestWriteDeadlineSaysHowMuchWasWritten(t *testing.T) {
	inBubble(t, 4, func(t *testing.T, a, b net.Conn) {
		a.SetWriteDeadline(time.Now().Add(time.Second))
		first := aside(a.Write, []byte("abcdef"))
		second := aside(a.Write, []byte("g"))
		returned(t, first, 4, os.ErrDeadlineExceeded)
		returned(t, second, 0, os.ErrDeadlineExceeded)
		mustRead(t, b, "abcd")
	})
}

func TestSettingADeadlineWakesWhoWaitsAlready(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, a, b net.Conn) {
		mustWrite(t, a, "x")
		read, write := aside(a.Read, make([]byte, 1)), aside(a.Write, []byte("y"))
		a.SetDeadline(time.Now())
		returned(t, read, 0, os.ErrDeadlineExceeded)
		returned(t, write, 0, os.ErrDeadlineExceeded)
	})
}

func TestMovingADeadlineReplacesIt(t *testing.T) {
	for _, c := range []struct {
		name  string
		moved time.Duration // from the start; 0: no deadline any more
	}{{"later", time.Hour}, {"earlier", time.Second}, {"removed", 0}} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, 1, func(t *testing.T, a, b net.Conn) {
				a.SetReadDeadline(time.Now().Add(time.Minute))
				read := aside(a.Read, make([]byte, 1))
				if c.moved == 0 {
					a.SetReadDeadline(time.Time{})
					time.Sleep(24 * time.Hour)
					synctest.Wait()
					waits(t, read)
					return
				}
				a.SetReadDeadline(time.Now().Add(c.moved))
				if r := returned(t, read, 0, os.ErrDeadlineExceeded); r.took != c.moved {
					t.Errorf("took %v, want %v", r.took, c.moved)
				}
			})
		})
	}
}

func TestPassedDeadlineFailsEvenWhatNeedNotWait(t *testing.T) {
	inBubble(t, 8, func(t *testing.T, a, b net.Conn) {
		mustWrite(t, b, "data")
		a.SetDeadline(time.Now())
		returned(t, aside(a.Read, make([]byte, 4)), 0, os.ErrDeadlineExceeded)
		returned(t, aside(a.Write, []byte("x")), 0, os.ErrDeadlineExceeded)
		a.SetDeadline(time.Time{})
		mustRead(t, a, "data")
		mustWrite(t, a, "x")
	})
}

func TestDeadlinesOfTheTwoEndsAndDirectionsAreSeparate(t *testing.T) {
	inBubble(t, 8, func(t *testing.T, a, b net.Conn) {
		a.SetReadDeadline(time.Now())
		mustWrite(t, a, "from a")
		mustRead(t, b, "from a")
		b.SetWriteDeadline(time.Now())
		peer := aside(b.Read, make([]byte, 1))
		waits(t, peer)
		mustWrite(t, a, "y")
		returned(t, peer, 1, nil)
	})
}

func TestClosedEndSaysSoEvenAfterItsDeadline(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, a, b net.Conn) {
		a.SetDeadline(time.Now().Add(time.Minute))
		a.Close()
		time.Sleep(time.Hour)
		returned(t, aside(a.Read, make([]byte, 1)), 0, net.ErrClosed)
	})
}

func TestWaitingOnThePipeLetsFakeTimePass(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, a, b net.Conn) {
		read, full := aside(b.Read, make([]byte, 1)), aside(b.Write, []byte("xy"))
		queued := aside(b.Write, []byte("z"))
		began := time.Now()
		time.Sleep(time.Hour) // returns only if the three waits count as durably blocked
		if time.Since(began) != time.Hour {
			t.Errorf("%v passed", time.Since(began))
		}
		for _, done := range []<-chan result{read, full, queued} {
			waits(t, done)
		}
	})
}
