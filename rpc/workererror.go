package rpc

import (
	"fmt"
	"slices"
)

// codes are all that there are.
var codes = []Code{Unknown, Invalid, NotFound, Unimplemented, Unavailable, Canceled, Timeout, Exhausted, Denied, Conflict, Moved, Protocol, Internal}

// A workerError is an error as isolated-workers/1 writes it.
type workerError struct {
	Message string `json:"message"`
	Name    string `json:"name"`
	Stack   string `json:"stack"`
	Code    any    `json:"code,omitempty"` // counts if it is a string
}

// workerCode is the key in Error.Details under which a worker's own code stands.
const workerCode = "code"

// errorPayload is an error as the connection's protocol writes it.
func (c *Conn) errorPayload(e *Error) any {
	if c.profile != asWorker {
		return e
	}
	w := &workerError{Message: e.Message, Name: e.Name, Stack: e.Stack}
	if w.Name == "" {
		w.Name = "Error"
	}
	if w.Stack == "" {
		w.Stack = w.Name + ": " + w.Message // as that of a JavaScript error begins
	}
	own, has := e.Details[workerCode].(string)
	switch {
	case has && own != "":
		w.Code = own
	case e.Code == Unknown, e.Code == Unimplemented && e.NotStarted: // the library's own has none either
	default:
		w.Code = string(e.Code)
	}
	return w
}

// resultPayload is a handler's result as the connection's protocol writes it: an empty struct is how Go writes void.
func (c *Conn) resultPayload(v any) any {
	if _, void := v.(struct{}); void && c.profile == asWorker {
		return nil
	}
	return v
}

// readWorkerError reads an error that a worker answered.
func (c *Conn) readWorkerError(what string, p *pending) (*Error, error) {
	var w workerError
	if err := c.format.DecodePayload(&p.frame, &w); err != nil {
		return nil, &Error{Code: Protocol, Message: fmt.Sprintf("%s: the error that the worker answered cannot be read: %v", what, err), Origin: FromTransport}
	}
	e := &Error{Code: Unknown, Message: w.Message, Name: w.Name, Stack: w.Stack, Origin: FromPlugin}
	if code, ok := w.Code.(string); ok && code != "" {
		e.Details = map[string]any{workerCode: code}
		if slices.Contains(codes, Code(code)) {
			e.Code = Code(code)
		}
	} else if w.Message == unknownType+what {
		e.Code = Unimplemented
	}
	if e.Message == "" {
		e.Message = what + ": the worker answered an error without a message"
	}
	return e, nil
}
