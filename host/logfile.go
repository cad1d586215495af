package host

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/internal/abridge"
)

// How often a log file is looked at: soon after something came, and less often when nothing does.
const (
	minLook = 5 * time.Millisecond
	maxLook = 200 * time.Millisecond
)

const (
	logRoom    = 8 << 20  // bytes of a log file from which on it is emptied, once all of it is in the host's log
	logBacklog = 64 << 20 // bytes that may wait to be logged: the oldest beyond are skipped, which the log says
)

// A logFile is what one stream of a process is written to that outlives its host, read as if it were a pipe: Read waits for more until the process
// has ended, or the host lets go of it. One goroutine reads, another calls logged.
type logFile struct {
	file  *os.File // which the process has too, for appending
	marks *os.File // how far the two streams of the process are logged, 8 bytes for each
	index int64    // which of them this is
	log   quietLogger
	ended <-chan struct{} // the process has
	leave chan struct{}   // closed when the host lets go

	start int64 // where resume has set pos

	pos     int64        // of the next byte to read. This and the next two are the reader's
	taken   int64        // the end of what was taken as lines
	end     int64        // where to stop, once the process has ended; -1 before
	waiting atomic.Int32 // lines that are not logged yet
}

var errLetGo = errors.New("the host has let go of it")

// Read implements io.Reader.
func (f *logFile) Read(b []byte) (int, error) {
	for pause := minLook; ; pause = min(2*pause, maxLook) {
		last, why := f.over()
		n, err := f.next(b, last)
		switch {
		case n > 0:
			return n, nil
		case err != nil && !errors.Is(err, io.EOF):
			return 0, err
		case last:
			return 0, why
		}
		f.empty()
		f.pause(pause)
	}
}

// over reports whether what is there now is all that is to be read, and with which error that ends.
func (f *logFile) over() (last bool, why error) {
	switch {
	case isClosed(f.ended):
		return true, io.EOF
	case isClosed(f.leave):
		return true, errLetGo
	}
	return false, nil
}

// next reads what is there. A descendant may go on writing when the process has ended: what it writes then is not read.
func (f *logFile) next(b []byte, last bool) (int, error) {
	size := f.size()
	if last && f.end < 0 {
		f.end = size
	}
	if late := size - f.pos - logBacklog; late > 0 {
		skipped := size - logRoom - f.pos
		f.pos += skipped
		f.log.Warn("lines of output were skipped: its log file is longer than the host follows", "file", f.file.Name(), "bytes", skipped)
	}
	if f.end >= 0 {
		b = b[:max(0, min(int64(len(b)), f.end-f.pos))]
	}
	if len(b) == 0 {
		return 0, io.EOF
	}
	n, err := f.file.ReadAt(b, f.pos)
	f.pos += int64(n)
	return n, err
}

func (f *logFile) size() int64 {
	info, err := f.file.Stat()
	if err != nil {
		return f.pos
	}
	return info.Size()
}

// empty makes the file short again when it is long and all of it is logged. What the process writes between the look and that is lost.
func (f *logFile) empty() {
	if f.pos < logRoom || f.taken != f.pos || f.waiting.Load() > 0 || f.size() != f.pos {
		return
	}
	if err := f.file.Truncate(0); err != nil {
		f.log.Warn("its log file could not be emptied", "file", f.file.Name(), "error", err)
		return
	}
	f.pos, f.taken = 0, 0
	f.mark(0)
}

func (f *logFile) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.ended:
	case <-f.leave:
	}
}

// take notes that all but the last bytes that were read are lines, and returns where the last of them ends.
func (f *logFile) take(but int) int64 {
	f.taken = f.pos - int64(but)
	return f.taken
}

// logged notes that a line is in the host's log.
func (f *logFile) logged(end int64) {
	f.mark(end)
	f.waiting.Add(-1)
}

// mark writes down how far the stream is logged, for the next host. It is not synced: what counts is that it outlives this process.
func (f *logFile) mark(end int64) {
	_, _ = f.marks.WriteAt(binary.LittleEndian.AppendUint64(nil, uint64(end)), 8*f.index)
}

// before is the last lines in front of where resume goes on. What an earlier host had emptied away is gone.
func (f *logFile) before() []string {
	from := max(0, f.start-tailLines*abridge.Most)
	b := make([]byte, f.start-from)
	n, _ := f.file.ReadAt(b, from)
	var all []string
	for line := range strings.Lines(string(b[:n])) {
		if text := strings.TrimRight(line, "\r\n"); text != "" {
			all = append(all, abridge.Text(printable(text)))
		}
	}
	return tailOf(all)
}

// resume goes on where the host before has ended.
func (f *logFile) resume() {
	var b [8]byte
	if _, err := f.marks.ReadAt(b[:], 8*f.index); err != nil {
		return
	}
	if mark := int64(binary.LittleEndian.Uint64(b[:])); mark >= 0 && mark <= f.size() { // else it was emptied
		f.pos, f.taken, f.start = mark, mark, mark
	}
}
