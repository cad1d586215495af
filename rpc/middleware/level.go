package middleware

import "fmt"

// A line is one level of a logger.
type line struct {
	write func(msg string, args ...any)
	on    func() bool // whether the logger wants this level
}

// enabled is what hclog.Logger can be asked.
type enabled interface {
	IsTrace() bool
	IsDebug() bool
	IsInfo() bool
	IsWarn() bool
	IsError() bool
}

type always struct{}

func (always) IsTrace() bool { return true }
func (always) IsDebug() bool { return true }
func (always) IsInfo() bool  { return true }
func (always) IsWarn() bool  { return true }
func (always) IsError() bool { return true }

// lineAt is the level of that name, or the fallback if there is no name.
func lineAt(l Logger, name, fallback Level) line {
	var ask enabled = always{}
	if e, ok := l.(enabled); ok {
		ask = e
	}
	if name == "" {
		name = fallback
	}
	switch name {
	case AtTrace:
		return line{l.Trace, ask.IsTrace}
	case AtDebug:
		return line{l.Debug, ask.IsDebug}
	case AtInfo:
		return line{l.Info, ask.IsInfo}
	case AtWarn:
		return line{l.Warn, ask.IsWarn}
	case AtError:
		return line{l.Error, ask.IsError}
	}
	panic(fmt.Sprintf("middleware: no level %q: there are trace, debug, info, warn and error", name))
}
