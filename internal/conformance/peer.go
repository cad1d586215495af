package conformance

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
)

// A peer is one connection to the plugin, and what its frames have said so far.
type peer struct {
	conn       net.Conn
	reader     *wire.Reader
	format     wire.Format
	split      bool
	frames     chan received    // from read, which closes it
	kept       []frame          // read and not expected yet
	calls      map[string]*call // ours that are not answered
	owed       int64            // how many bytes below zero the credit for the plugin's last item has brought it
	acked      uint64
	notices    uint64 // the plugin's, so far
	told       window // the plugin's notices that are not acknowledged
	window     window // ours
	lastNotice uint64 // ours
	pings      uint64 // ours
	pinged     bool   // by the plugin
	ponged     uint64
	goodbye    bool
	ended      error // why there are no more frames; io.EOF if the plugin closed
	violation  error // what the plugin may not do, whatever the case expects
}

// A frame is what the plugin sent: as JsonSerializer has it, and as values.
type frame struct {
	wire.Frame
	line  string
	value any
	size  int // bytes, with prefix or terminator
}

type received struct {
	frame frame
	err   error
}

func newPeer(c net.Conn, format wire.Format, split bool) *peer {
	return &peer{conn: c, reader: wire.NewReader(c), format: format, split: split, calls: map[string]*call{}}
}

// write sends bytes; in pieces of one if the case wants that.
func (p *peer) write(b []byte) error {
	_ = p.conn.SetWriteDeadline(time.Now().Add(stepTime))
	if !p.split {
		_, err := p.conn.Write(b)
		return err
	}
	tick := time.NewTicker(splitPause)
	defer tick.Stop()
	for i := range b {
		if _, err := p.conn.Write(b[i : i+1]); err != nil {
			return err
		}
		<-tick.C
	}
	return nil
}

// line reads a handshake line.
func (p *peer) line(limit time.Duration) ([]byte, error) {
	_ = p.conn.SetReadDeadline(time.Now().Add(limit))
	return p.reader.Line(wire.MaxHello)
}

// begin reads frames from now on.
func (p *peer) begin(maxFrame int) {
	_ = p.conn.SetReadDeadline(time.Time{})
	p.reader.SetFraming(p.format, maxFrame)
	p.frames = make(chan received, 4096) // more than any case makes a plugin send: the reader then never waits
	go p.read()
}

// read ends with the connection.
func (p *peer) read() {
	defer close(p.frames)
	for {
		buf, err := p.reader.Frame()
		if err != nil {
			p.frames <- received{err: err}
			return
		}
		f, err := p.decode(append([]byte(nil), buf.B...))
		f.size = len(buf.B) + p.overhead()
		buf.Release()
		p.frames <- received{f, err}
		if err != nil {
			return
		}
	}
}

var asJSON = wire.FormatOf(codec.JsonSerializer{})

func (p *peer) decode(b []byte) (f frame, err error) {
	if f.Frame, err = p.format.Decode(b); err != nil {
		return f, fmt.Errorf("a frame that cannot be read: %w: %s", err, clip(fmt.Sprintf("%q", b)))
	}
	var payload any
	if f.Payload != nil {
		if err := p.format.DecodePayload(&f.Frame, &payload); err != nil {
			return f, fmt.Errorf("the payload of a %s cannot be read: %w: %s", f.Kind, err, clip(fmt.Sprintf("%q", b)))
		}
	}
	line, err := asJSON.Append(nil, &f.Frame, payload, 64<<20)
	if err != nil {
		return f, err
	}
	f.line = strings.TrimSpace(string(line))
	f.value, err = decode(line)
	if object, is := f.value.(map[string]any); is && f.Payload != nil && payload == nil {
		object["payload"] = nil
	}
	return f, err
}

// send encodes a frame that is written as JsonSerializer has it.
func (p *peer) send(text any) error {
	line, err := json.Marshal(text)
	if err != nil {
		return err
	}
	f, err := asJSON.Decode(line)
	if err != nil {
		return err
	}
	var payload any
	if object := text.(map[string]any); object["payload"] != nil {
		payload = plain(object["payload"])
	}
	b, err := p.encode(&f, payload)
	if err != nil {
		return err
	}
	p.said(&f, len(b))
	return p.write(b)
}

// overhead is what a frame has besides its own bytes: a terminator, or the length prefix.
func (p *peer) overhead() int {
	if n := len(p.format.Terminator()); n > 0 {
		return n
	}
	return 4
}

func (p *peer) encode(f *wire.Frame, payload any) ([]byte, error) {
	size, fills := strings.CutPrefix(fmt.Sprint(payload), "$fill:")
	if !fills {
		return p.format.Append(nil, f, payload, 64<<20)
	}
	want, err := strconv.Atoi(size)
	if err != nil {
		return nil, err
	}
	frame := p.overhead()
	for n := want; n > 0; {
		b, err := p.format.Append(nil, f, strings.Repeat("x", n), 64<<20)
		if err != nil || len(b)-frame == want {
			return b, err
		}
		n -= len(b) - frame - want
	}
	return nil, fmt.Errorf("no text makes a frame of %d bytes", want)
}

// plain turns numbers into Go's, as every serializer takes them.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return n
		}
		if n, err := strconv.ParseUint(v.String(), 10, 64); err == nil {
			return n
		}
		n, _ := v.Float64()
		return n
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	}
	return v
}

// key tells the tx 7 from the tx "7".
func key(t wire.Tx) string {
	if t.S != "" {
		return strconv.Quote(t.S)
	}
	return t.String()
}

func (p *peer) raw(text string) error {
	s, err := strconv.Unquote(text)
	if err != nil {
		return err
	}
	if digits, is := strings.CutPrefix(s, "hex:"); is {
		b, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
		if err != nil {
			return err
		}
		return p.write(b)
	}
	for line := range strings.Lines(s) {
		if f, err := asJSON.Decode([]byte(strings.TrimSpace(line))); err == nil && f.Kind == wire.Request {
			p.said(&f, 0)
		}
	}
	return p.write([]byte(s))
}

var errQuiet = errors.New("nothing arrived")

// next is the next frame that a case may expect: what every host does by itself has been done. errQuiet says that none came in time.
func (p *peer) next(limit time.Duration) (frame, error) {
	if len(p.kept) > 0 {
		f := p.kept[0]
		p.kept = p.kept[1:]
		return f, nil
	}
	return p.pull(limit, func() bool { return false })
}

// await reads until something is so, and keeps the frames that it meets for later.
func (p *peer) await(is func() bool) error { return p.awaitFor(stepTime, is) }

func (p *peer) awaitFor(limit time.Duration, is func() bool) error {
	for end := time.Now().Add(limit); !is(); {
		f, err := p.pull(time.Until(end), is)
		if err != nil || f.Kind == 0 {
			return err
		}
		p.kept = append(p.kept, f)
	}
	return nil
}

// pull is next without what was kept. It returns no frame as soon as something is so.
func (p *peer) pull(limit time.Duration, is func() bool) (frame, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for p.ended == nil {
		select {
		case r, more := <-p.frames:
			if !more || r.err != nil {
				p.ended = orEOF(r.err)
				continue
			}
			mine, err := p.took(r.frame)
			if err != nil {
				p.violation = err
				return frame{}, err
			}
			switch {
			case mine:
				return r.frame, nil
			case is():
				return frame{}, nil
			}
		case <-timer.C:
			return frame{}, errQuiet
		}
	}
	return frame{}, p.ended
}

func orEOF(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

// took does what every host does with a frame, and says whether it is one that a case expects.
func (p *peer) took(f frame) (bool, error) {
	switch f.Kind {
	case wire.Result, wire.Error, wire.End:
		err := p.answered(f)
		return err == nil, err
	case wire.Item:
		err := p.item(f)
		return err == nil, err
	case wire.UploadCredit:
		return false, p.credited(f)
	case wire.Credit:
		if f.Tx.IsZero() {
			p.acked += f.Meta.Items
			p.window.acknowledge(f.Meta.Items)
		}
		return false, nil
	case wire.Ping:
		p.pinged = true
		return false, p.reply(&wire.Frame{Kind: wire.Pong, Tx: f.Tx}, nil)
	case wire.Pong:
		p.ponged = max(p.ponged, f.Tx.N)
		return false, nil
	case wire.Goodbye:
		p.goodbye = true
		return true, nil
	case wire.Notice:
		if err := p.toldNotice(f); err != nil || strings.HasPrefix(f.Type, "conformance.") {
			return err == nil, err
		}
		return false, p.credit(1)
	case wire.Request:
		if strings.HasPrefix(f.Type, "conformance.") {
			return true, nil
		}
		return false, p.reply(&wire.Frame{Kind: wire.Error, Tx: f.Tx}, map[string]any{"code": "Unimplemented", "message": "not handled by this host", "notStarted": true})
	}
	return true, nil
}

// reply sends what a host sends by itself. A connection that has ended says so at the next read.
func (p *peer) reply(f *wire.Frame, payload any) error {
	b, err := p.format.Append(nil, f, payload, 64<<20)
	if err != nil {
		return err
	}
	_ = p.conn.SetWriteDeadline(time.Now().Add(stepTime))
	_, _ = p.conn.Write(b)
	return nil
}
