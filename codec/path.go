package codec

import (
	"fmt"
	"strings"

	"github.com/go-hotplug/hotplug/internal/mp"
)

// A pathError is an error with the way to the place that it is about.
type pathError struct {
	path string
	err  error
}

func (e *pathError) Error() string { return fmt.Sprintf("field %q: %v", e.path, e.err) }
func (e *pathError) Unwrap() error { return e.err }

// within puts one step in front of the path of err: a field's name, or an index in brackets.
func within(step string, err error) error {
	inner, ok := err.(*pathError)
	if !ok {
		return &pathError{path: step, err: err}
	}
	if strings.HasPrefix(inner.path, "[") {
		inner.path = step + inner.path
	} else {
		inner.path = step + "." + inner.path
	}
	return inner
}

// keyStep names a map's key in a path.
func keyStep(key []byte) string {
	if s, _, err := mp.ReadString(key); err == nil && len(s) > 0 {
		return fmt.Sprintf("%.64s", s)
	}
	if i, _, err := mp.ReadInt(key); err == nil {
		return fmt.Sprintf("[%d]", i)
	}
	return "[...]"
}
