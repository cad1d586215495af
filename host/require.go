package host

import "fmt"

// A dependency is a plugin that another one waits for.
type dependency struct {
	plugin     *Plugin
	constraint string
	optional   bool
}

// An unmetError is why a plugin was not started: what it requires does not run.
type unmetError struct {
	requires string
	text     string
	cause    error
}

func (e *unmetError) Error() string { return e.text + ": " + e.cause.Error() }
func (e *unmetError) Unwrap() error { return e.cause }

// awaitRequired waits until all that is required answers calls. An optional one may fail; one that is lazy is started by its first call.
func (p *Plugin) awaitRequired(required []dependency) error {
	for _, d := range required {
		_, err := d.plugin.awaitStart(p.asked)
		switch {
		case p.asked.Err() != nil:
			return errAskedToStop
		case err != nil && !d.optional:
			return &unmetError{d.plugin.name, fmt.Sprintf("it requires %s %s, which is not running", d.plugin.name, d.constraint), err}
		}
	}
	return nil
}
