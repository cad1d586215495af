package rpc

import (
	"context"
	"errors"
	"fmt"
)

// A Code classifies an Error. It is an error itself, so that errors.Is(err, rpc.NotFound) works on either side of a connection.
type Code string

const (
	Unknown       Code = "Unknown"       // the handler returned an error without a code
	Invalid       Code = "Invalid"       // the payload, or the message itself, is not what the handler takes
	NotFound      Code = "NotFound"      // what was asked for does not exist
	Unimplemented Code = "Unimplemented" // no handler for this message
	Unavailable   Code = "Unavailable"   // the other side is not there: not started, stopping, crashed or closed
	Canceled      Code = "Canceled"      // the caller gave up; errors.Is(err, context.Canceled) holds too
	Timeout       Code = "Timeout"       // the deadline passed; errors.Is(err, context.DeadlineExceeded) holds too
	Exhausted     Code = "Exhausted"     // a limit was reached
	Denied        Code = "Denied"        // not permitted
	Conflict      Code = "Conflict"      // the state does not allow it
	Moved         Code = "Moved"         // the stream's plugin was replaced: open it again
	Protocol      Code = "Protocol"      // a peer broke the protocol
	Internal      Code = "Internal"      // a panic in a handler, or a bug
)

func (c Code) Error() string { return string(c) }

// An Origin says where an error arose, as seen by who made the call.
//
// FromTransport is the call's own way: there was no answer, or none that can be read. An answer never has it, not even that of a handler
// which passes on how a call of its own was lost: that is an error of the handler's side, with the lost call's in its Cause.
type Origin string

const (
	FromHost      Origin = "host"
	FromPlugin    Origin = "plugin"
	FromTransport Origin = "transport"
)

// other is the origin of what a peer answers; empty if its side is not known.
func (o Origin) other() Origin {
	switch o {
	case FromHost:
		return FromPlugin
	case FromPlugin:
		return FromHost
	}
	return ""
}

// An Error is what a call fails with: the same record on both sides of a connection.
type Error struct {
	Code       Code           `json:"code"`
	Message    string         `json:"message"`
	Name       string         `json:"name,omitempty"`    // the kind of error where it arose: a Go type, a class name
	Stack      string         `json:"stack,omitempty"`   // of a panic
	Details    map[string]any `json:"details,omitempty"` // the handler's own; what either serializer can carry
	Cause      *Error         `json:"cause,omitempty"`
	Retryable  bool           `json:"retryable,omitempty"`
	NotStarted bool           `json:"notStarted,omitempty"` // the handler never ran
	Origin     Origin         `json:"origin,omitempty"`

	unsent bool  // not one byte was handed to the kernel
	lost   bool  // it may have run, and no answer will come: the connection ended, or its calls were ended, at this side
	local  error // what this side wrapped, if the error arose here
}

// Errorf returns an Error with a code, for handlers. It wraps as fmt.Errorf does.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	e := &Error{Code: code, Message: err.Error(), local: errors.Unwrap(err)}
	if e.local != nil {
		e.Cause = toError(e.local, 1)
	}
	return e
}

func (e *Error) Error() string {
	if e == nil {
		return "a nil *rpc.Error was returned as an error: return a plain nil"
	}
	if e.Message == "" {
		return string(e.Code)
	}
	return e.Message
}

// Is makes codes, and the context errors that two of them stand for, comparable with errors.Is.
func (e *Error) Is(target error) bool {
	if e == nil {
		return false
	}
	switch target {
	case context.Canceled:
		return e.Code == Canceled
	case context.DeadlineExceeded:
		return e.Code == Timeout
	}
	code, ok := target.(Code)
	return ok && code == e.Code
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	if e.local != nil {
		return e.local
	}
	if e.Cause != nil {
		return e.Cause
	}
	return nil
}

// A Delivery says whether a failed call may have run.
type Delivery string

const (
	NotDelivered     Delivery = "no"      // it did not run: it is safe to call again
	PerhapsDelivered Delivery = "perhaps" // it may have run, in part or in full
)

// Delivered says whether the call that failed with err may have run: NotDelivered if not one byte of it was handed to the kernel, or if the
// other side said that the handler never ran; else PerhapsDelivered. Whether there was an answer it does not say: see Origin.
func Delivered(err error) Delivery {
	var e *Error
	if errors.As(err, &e) && e != nil && (e.unsent || e.NotStarted) {
		return NotDelivered
	}
	return PerhapsDelivered
}

// CodeOf returns the code of err: of the first Error in its chain, Canceled and Timeout for the errors of package context, otherwise Unknown.
func CodeOf(err error) Code {
	var e *Error
	var c Code
	switch {
	case errors.As(err, &e) && e != nil:
		return e.Code
	case errors.As(err, &c):
		return c
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	}
	return Unknown
}

// NotSent returns an error for a call that was not even tried: Delivered says no.
func NotSent(code Code, format string, args ...any) *Error {
	e := Errorf(code, format, args...)
	e.unsent, e.Origin = true, FromTransport
	return e
}

const maxCauses = 16

// toError turns what a handler returned into the record that travels: causes are kept, to a depth.
func toError(err error, depth int) *Error {
	if e, ok := err.(*Error); ok {
		if e == nil {
			return &Error{Code: Internal, Message: e.Error()}
		}
		return e
	}
	if endless(err) {
		return &Error{Code: Unknown, Message: err.Error(), Name: fmt.Sprintf("%T", err)}
	}
	out := &Error{Code: CodeOf(err), Message: err.Error(), Name: fmt.Sprintf("%T", err), local: err}
	if cause := errors.Unwrap(err); cause != nil && depth < maxCauses {
		out.Cause = toError(cause, depth+1)
	}
	return out
}

// endless reports whether an error is its own cause, which package errors would follow for ever.
func endless(err error) bool {
	for range 1000 {
		if err = errors.Unwrap(err); err == nil {
			return false
		}
	}
	return true
}

// fromContext is the error of a call whose context ended.
func fromContext(ctx context.Context, what string) *Error {
	cause := context.Cause(ctx)
	code := Canceled
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		code = Timeout
	}
	return &Error{Code: code, Message: what + ": " + cause.Error(), Origin: FromTransport, local: cause}
}
