package wire

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-hotplug/hotplug/codec"
)

// IsolatedWorkersProtocol is the name of the profile in manifests.
const IsolatedWorkersProtocol = "isolated-workers/1"

// A WorkerSide is an end of a connection of the profile isolated-workers/1.
type WorkerSide uint8

const (
	WorkerHost WorkerSide = iota // makes every call
	Worker                       // answers every call
)

// What the type of an answer ends in, behind the name of the message.
const (
	workerResult = "Result"
	workerError  = "Error"
)

// IsolatedWorkers returns the layout of frames of the profile isolated-workers/1 as one side of it sends and reads them: an object
// {"type","payload","tx"} and a newline, in ASCII. The host's side reads nothing but answers, the worker's side nothing but requests: a notice
// travels as a request and is answered as one. What the profile has no frame for (cancel, credit, ping, pong, goodbye) is appended as nothing
// at all.
func IsolatedWorkers(side WorkerSide) Format { return workerFormat{side: side} }

// CheckWorkerName says why a message cannot travel in the profile isolated-workers/1: its answers could not be told from other messages.
func CheckWorkerName(name string) error {
	for _, ending := range []string{workerResult, workerError} {
		if strings.HasSuffix(name, ending) {
			return fmt.Errorf("message %q: a name that ends in %q is that of an answer in the profile %s: rename the message", name, ending, IsolatedWorkersProtocol)
		}
	}
	return nil
}

type workerFormat struct{ side WorkerSide }

func (workerFormat) Terminator() []byte { return []byte{'\n'} }

func (w workerFormat) Append(dst []byte, f *Frame, payload any, max int) ([]byte, error) {
	name, err := w.typeOf(f)
	if err != nil || name == "" {
		return dst, err
	}
	start := len(dst)
	b := appendQuoted(append(dst, `{"type":`...), name)
	if payload != nil {
		if b, err = codec.Append(codec.JsonSerializer{}, append(b, `,"payload":`...), payload); err != nil {
			return dst[:start], err
		}
	}
	b = append(b, `,"tx":`...)
	if f.Tx.S != "" {
		if b, err = codec.Append(codec.JsonSerializer{}, b, f.Tx.S); err != nil {
			return dst[:start], err
		}
	} else {
		b = append(b, f.Tx.String()...)
	}
	b = append(escapeNonASCII(b, start), '}', '\n')
	if n := len(b) - start - 1; n > max {
		return dst[:start], &TooLarge{Size: n, Max: max}
	}
	return b, nil
}

// typeOf is the type that a frame is sent with; empty: it is not sent.
func (w workerFormat) typeOf(f *Frame) (string, error) {
	host := w.side == WorkerHost
	switch f.Kind {
	case Cancel, Credit, Ping, Pong, Goodbye:
		return "", nil
	case Request, Notice:
		if host {
			return f.Type, nil
		}
	case Result:
		if !host {
			return f.Answers + workerResult, nil
		}
	case Error:
		if !host {
			return f.Answers + workerError, nil
		}
	}
	return "", fmt.Errorf("this side of the profile %s sends no frame of kind %s", IsolatedWorkersProtocol, f.Kind)
}

// escapeNonASCII writes what is not ASCII behind start as \uXXXX: the other end may decode UTF-8 chunk by chunk, which breaks a character that
// lies in two of them. In JSON such bytes occur in strings alone.
func escapeNonASCII(b []byte, start int) []byte {
	first := start
	for first < len(b) && b[first] < utf8.RuneSelf {
		first++
	}
	if first == len(b) {
		return b
	}
	rest := string(b[first:])
	b = b[:first]
	for _, r := range rest {
		switch {
		case r < utf8.RuneSelf:
			b = append(b, byte(r))
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			b = appendEscape(appendEscape(b, high), low)
		default:
			b = appendEscape(b, r)
		}
	}
	return b
}

func appendEscape(b []byte, unit rune) []byte {
	const digits = "0123456789abcdef"
	return append(b, '\\', 'u', digits[unit>>12&15], digits[unit>>8&15], digits[unit>>4&15], digits[unit&15])
}

type workerEnvelope struct {
	Tx      json.RawMessage `json:"tx"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// Decode reads a line. One that says nothing that this side can use is corrupt, and the connection goes on.
func (w workerFormat) Decode(b []byte) (f Frame, err error) {
	if !utf8.Valid(b) {
		return f, corruptLine("the line is not UTF-8")
	}
	var e workerEnvelope
	if err := json.Unmarshal(b, &e); err != nil {
		return f, corruptLine("%.200v", err)
	}
	if f.Tx, err = parseJSONTx(e.Tx); err != nil {
		return f, err
	}
	if f.Tx.IsZero() || e.Type == "" {
		return f, corruptLine("a message needs a type and a tx, found type %.40q and tx %.40q", e.Type, f.Tx.String())
	}
	f.Payload = e.Payload
	switch {
	case w.side == Worker:
		f.Kind, f.Type = Request, e.Type
	case strings.HasSuffix(e.Type, workerError):
		f.Kind, f.Answers = Error, strings.TrimSuffix(e.Type, workerError)
	default:
		f.Kind, f.Answers = Result, strings.TrimSuffix(e.Type, workerResult)
	}
	return f, nil
}

func (workerFormat) DecodePayload(f *Frame, v any) error {
	if f.Payload == nil {
		return nil
	}
	return codec.JsonSerializer{}.Unmarshal(f.Payload, v)
}
