package proc

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

const (
	// exitGrace is how long a reader waits for more once the leader has ended.
	exitGrace = 100 * time.Millisecond
	// pipeBuffer is what a pipe holds at most (pipe(7): 64 KiB unless somebody asked for more).
	pipeBuffer = 64 << 10
)

// output is the host's end of one output pipe.
type output struct {
	file *os.File // nil: the process writes to a file of the host's, there is nothing to read here

	mu   sync.Mutex // guards rest; held while reading what is left, which never blocks
	rest int        // bytes that may still be taken after the grace
}

func newOutput(file *os.File) *output { return &output{file: file, rest: pipeBuffer} }

// Read reads like a file until the grace after the leader's end is over; from then on it hands out what
// the pipe's buffer holds. That much is bounded: a descendant that writes forever gets no reader.
func (o *output) Read(b []byte) (int, error) {
	if o.file == nil {
		return 0, io.EOF
	}
	n, err := o.file.Read(b)
	if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		return n, err
	}
	return o.readRest(b)
}

func (o *output) readRest(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := readNow(o.file, b[:min(len(b), o.rest)])
	o.rest -= n
	if n > 0 || err != nil || len(b) == 0 {
		return n, err
	}
	return 0, io.EOF
}

// leaderEnded starts the grace. Where a pipe knows no deadlines it is closed after it.
func (o *output) leaderEnded() {
	if o.file == nil {
		return
	}
	err := o.file.SetReadDeadline(time.Now().Add(exitGrace))
	if errors.Is(err, os.ErrNoDeadline) {
		time.AfterFunc(exitGrace, func() { _ = o.file.Close() })
	}
}

// Close unblocks a reader. Closing twice is no error.
func (o *output) Close() error {
	if o.file == nil {
		return nil
	}
	if err := o.file.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
