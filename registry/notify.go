package registry

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"

	"github.com/fsnotify/fsnotify"
)

// source tells that something may have changed.
type source interface {
	// Follow makes these the folders that are watched. fresh says that one is watched from now on that was not: what
	// happened in it before went unnoticed. deaf is a folder for which there are no events, and why.
	Follow(s spots) (fresh bool, deaf map[string]error)
	// Hints has one value in it if something happened since it was last received from. It is closed when the source
	// broke, or by Close.
	Hints() <-chan struct{}
	// Close ends the source and waits for it.
	Close()
}

// notifier is the source that the system has. Only pump runs beside the one goroutine that uses it.
type notifier struct {
	w     *fsnotify.Watcher
	known map[string]fs.FileInfo // what was watched last under each path: another folder may have taken its place
	heed  atomic.Pointer[spots]
	hints chan struct{} // sent to and closed by pump; one place, as hints are all alike
	say   Logger
}

func newNotifier(say Logger) (source, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	n := &notifier{w: w, known: map[string]fs.FileInfo{}, hints: make(chan struct{}, 1), say: say}
	n.heed.Store(&spots{})
	go n.pump() // ends with the watcher, which Close closes
	return n, nil
}

func (n *notifier) Hints() <-chan struct{} { return n.hints }

func (n *notifier) Close() {
	_ = n.w.Close()
	for range n.hints {
		continue
	}
}

// pump makes hints of events. After an overflow or any other error everything may have changed.
func (n *notifier) pump() {
	defer close(n.hints)
	for {
		select {
		case e, ok := <-n.w.Events:
			if !ok {
				return
			}
			if !n.heed.Load().counts(e.Name) {
				continue
			}
		case err, ok := <-n.w.Errors:
			if !ok {
				return
			}
			n.say.Debug("events of plugins folders were lost, looking at all of them", "error", err)
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return
			}
		}
		select {
		case n.hints <- struct{}{}:
		default:
		}
	}
}

func (n *notifier) Follow(s spots) (fresh bool, deaf map[string]error) {
	n.heed.Store(&s)
	before := n.watched()
	for dir := range before {
		if _, wanted := s[dir]; !wanted {
			n.drop(dir)
		}
	}
	deaf = map[string]error{}
	for dir := range s {
		was, seen := n.known[dir]
		info, err := os.Stat(dir)
		if err == nil && before[dir] && seen && os.SameFile(was, info) {
			continue
		}
		if before[dir] {
			n.drop(dir)
			delete(before, dir)
		}
		if err == nil {
			err = n.add(dir, info)
		}
		if errors.Is(err, fs.ErrNotExist) {
			fresh = true // it went since it was looked at
		} else if err != nil {
			deaf[dir] = err
		}
	}
	for dir := range n.watched() {
		fresh = fresh || !before[dir]
	}
	return fresh, deaf
}

// watched asks the watcher, which ends a watch by itself when a folder is moved or removed.
func (n *notifier) watched() map[string]bool {
	out := map[string]bool{}
	for _, dir := range n.w.WatchList() {
		out[dir] = true
	}
	return out
}

func (n *notifier) drop(dir string) {
	_ = n.w.Remove(dir) // it fails if the folder has gone, and with it the watch
	delete(n.known, dir)
}

func (n *notifier) add(dir string, info fs.FileInfo) error {
	if kind := eventless(dir); kind != "" {
		return fmt.Errorf("%s tells only of changes that are made on this machine", kind)
	}
	if err := n.w.Add(dir); err != nil {
		return err
	}
	n.known[dir] = info
	return nil
}
