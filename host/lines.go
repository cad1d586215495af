package host

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/go-hotplug/hotplug/internal/abridge"
)

const (
	maxLine   = 64 << 10    // bytes of one line; a longer one is logged in pieces
	tailLines = 50          // lines of stderr that a crash report holds,
	tailBytes = 16 << 10    // and how many bytes of them together; each is abridged
	lineQueue = 1024        // lines that wait for a slow logger
	patience  = time.Second // how long a plugin's output waits for a slow logger before lines are dropped and counted
)

// lines carries what a process prints to the host's log. A reader for each stream and one writer to the log, so that neither a slow
// logger nor a flood blocks the process for longer than patience.
type lines struct {
	log     quietLogger
	queue   chan outLine // the readers send, write receives; closed when both readers have ended
	written chan struct{}

	mu      sync.Mutex // guards all below
	last    []string   // of stderr
	starved bool       // it says that it got no more memory
	dropped int
}

type outLine struct {
	text   string
	stderr bool
	file   *logFile // what it was read from, and up to where; nil: a pipe
	end    int64
}

// follow starts carrying. It ends by itself when both streams end.
func follow(stdout, stderr io.Reader, log quietLogger) *lines {
	l := &lines{log: log, queue: make(chan outLine, lineQueue), written: make(chan struct{})}
	var readers sync.WaitGroup
	readers.Go(func() { l.read(stdout, false) })
	readers.Go(func() { l.read(stderr, true) })
	go func() {
		readers.Wait()
		close(l.queue)
	}()
	go l.write()
	return l
}

// wait returns when all that was printed has been logged, or has waited for the logger for too long.
func (l *lines) wait() {
	timer := time.NewTimer(2 * patience)
	defer timer.Stop()
	select {
	case <-l.written:
	case <-timer.C:
	}
}

// tail returns the last lines of stderr.
func (l *lines) tail() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.last...)
}

// recall puts lines of stderr before those that were read: an earlier host has logged them.
func (l *lines) recall(earlier []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = tailOf(append(earlier, l.last...))
}

// tailOf is the last of some lines, as far as a report holds them.
func tailOf(all []string) []string {
	from, size := len(all), 0
	for from > 0 && len(all)-from < tailLines && size+len(all[from-1]) <= tailBytes {
		from--
		size += len(all[from])
	}
	return slices.Delete(all, 0, from)
}

func (l *lines) read(r io.Reader, stderr bool) {
	br := bufio.NewReaderSize(r, maxLine)
	file, _ := r.(*logFile)
	for {
		b, err := br.ReadSlice('\n')
		if errors.Is(err, errLetGo) { // the next host reads all of this line
			return
		}
		line := outLine{stderr: stderr, file: file}
		if file != nil {
			line.end = file.take(br.Buffered())
		}
		if text := strings.TrimRight(string(b), "\r\n"); text != "" {
			line.text = printable(text)
			l.add(line)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

// printable is text that commands no terminal: control characters other than tab are written as escapes, and what is no UTF-8 as U+FFFD.
func printable(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if strings.IndexFunc(text, commands) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if commands(r) {
			fmt.Fprintf(&b, "\\x%02x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func commands(r rune) bool { return r != '\t' && unicode.IsControl(r) }

func (l *lines) add(line outLine) {
	if line.stderr {
		l.mu.Lock()
		l.last = tailOf(append(l.last, abridge.Text(line.text)))
		l.starved = l.starved || saysStarved(line.text)
		l.mu.Unlock()
	}
	if line.file != nil {
		line.file.waiting.Add(1)
	}
	select {
	case l.queue <- line:
		return
	default:
	}
	timer := time.NewTimer(l.patience())
	defer timer.Stop()
	select {
	case l.queue <- line:
	case <-timer.C:
		if line.file != nil {
			line.file.waiting.Add(-1)
		}
		l.mu.Lock()
		l.dropped++
		l.mu.Unlock()
	}
}

// patience is spent once: while lines are being dropped nothing waits.
func (l *lines) patience() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dropped > 0 {
		return 0
	}
	return patience
}

func (l *lines) write() {
	defer close(l.written)
	for line := range l.queue {
		l.mu.Lock()
		dropped := l.dropped
		l.dropped = 0
		l.mu.Unlock()
		if dropped > 0 {
			l.log.Warn("lines of output were dropped: the log is slower than the plugin prints", "lines", dropped)
		}
		e := parseLine(line.text)
		l.log.at(e.level, e.message, append(e.args, "stream", streamName(line.stderr))...)
		if line.file != nil {
			line.file.logged(line.end)
		}
	}
}

func streamName(stderr bool) string {
	if stderr {
		return "stderr"
	}
	return "stdout"
}
