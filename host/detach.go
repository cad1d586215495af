package host

import "errors"

// errDetaching is why a plugin stops whose host lets go of it.
var errDetaching = errors.New("the host is detaching")

// Detach is Close for a host that comes back: plugins whose manifest says keep-alive stay, each with its process and its memory, once what is in
// flight is finished. The next host that opens the same state folder goes on with them. All other plugins end.
func (h *Host) Detach() error { return h.end(errDetaching) }

// detaches reports whether the process of i is to stay without this host.
func (l *life) detaches(i *instance) bool {
	return i.kept != nil && errors.Is(causeOf(l.p.asked, nil), errDetaching)
}

// letGo leaves the process to a later host.
func (l *life) letGo() {
	i := l.current
	l.release()
	l.p.move(Stopped, "the host has let go of it, and its process stays", nil)
	l.drop()
	i.leaveAlone("the host is detaching and the drain time-out has passed")
	i.abandon()
	l.tell(errDetaching)
}

// letGoApart is letGo of a process to which there is no connection.
func (l *life) letGoApart() {
	i := l.current
	l.current, l.later = nil, nil
	l.p.move(Stopped, "the host has let go of it, and its process stays", nil)
	i.abandon()
	l.tell(errDetaching)
}

// abandon gives back all that this host has of a process that stays.
func (i *instance) abandon() {
	i.cleaned.Do(func() {
		i.kept.letGo()
		i.lines.wait()
		i.proc.Close()
		i.kept.close()
	})
}
