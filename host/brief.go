package host

import (
	"errors"

	"github.com/go-hotplug/hotplug/internal/abridge"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// brief is an error that a plugin had a say in, as the host keeps and tells it: no text in it is longer than abridge.Most, and of a plugin's error no
// stack, details or causes are left. Errors of calls are not for it: they are their callers', whole.
func brief(err error) error {
	var answer *rpc.Error
	var refusal *wire.Refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &answer) && answer != nil:
		return briefAnswer(answer, err.Error())
	case errors.As(err, &refusal):
		return &wire.Refusal{Code: abridge.Text(refusal.Code), Message: abridge.Text(err.Error())}
	case len(err.Error()) > abridge.Most:
		return errors.New(abridge.Text(err.Error()))
	}
	return err
}

// briefAnswer is brief for what a connection says: text is what the error says with all that was put around it.
func briefAnswer(e *rpc.Error, text string) error {
	short := *e // with what this side knows of it, and which no peer has written
	if local := e.Unwrap(); local != nil && len(local.Error()) > abridge.Most {
		short = rpc.Error{Retryable: e.Retryable, NotStarted: e.NotStarted}
	}
	short.Message, short.Name = abridge.Text(text), abridge.Text(e.Name)
	short.Code, short.Origin = rpc.Code(abridge.Text(string(e.Code))), rpc.Origin(abridge.Text(string(e.Origin)))
	short.Stack, short.Details, short.Cause = "", nil, nil
	return &short
}

// bytesOf is how many bytes of text an error holds, those that it wraps included.
func bytesOf(err error) (bytes int) {
	for ; err != nil; err = errors.Unwrap(err) {
		bytes += len(err.Error())
		if e, is := err.(*rpc.Error); is && e != nil {
			bytes += len(e.Name) + len(e.Code) + len(e.Origin)
		}
	}
	return bytes
}
