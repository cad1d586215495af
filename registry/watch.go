package registry

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go-hotplug/hotplug/manifest"
)

// WatchOptions configure Watch. The zero value works.
type WatchOptions struct {
	// Quiet is how long a plugin must have been left alone before a change of it counts. 0: 100 ms, or 500 ms where the system
	// cannot tell whether a file is open for writing (it can on Linux, of files that belong to this user).
	Quiet time.Duration
	// Rescan is how often to look although nothing seems to have happened. 0: every 30 s; negative: never.
	Rescan time.Duration
	// Poll is how often to look instead of waiting for events. 0: events are waited for, and folders for which there are none
	// are looked at every 2 s.
	Poll time.Duration
	// Also are paths of further files that count, such as a lock file: changed is called when one of them has come, gone or changed and was
	// left alone, although no plugin has changed.
	Also []string
	// Since is what is known already: what has changed since then has to settle, too, before it counts. Nil: what is there first counts as it is.
	Since *Registry
	// Disabled goes before Options.Disabled, and is asked each time that changed is about to be called. Nil: those stay as they are.
	Disabled func() map[string]bool
	Logger   Logger // nil: nothing is said
}

// A Logger takes what Watch has to say; hclog.Logger is one.
type Logger interface {
	Debug(msg string, args ...any)
	Warn(msg string, args ...any)
}

// The defaults of WatchOptions.
const (
	defaultQuiet  = 100 * time.Millisecond
	unknownQuiet  = 500 * time.Millisecond
	defaultRescan = 30 * time.Second
	defaultPoll   = 2 * time.Second
)

// lateAfter is after how many quiet periods a plugin that does not come to rest is worth a warning.
const lateAfter = 50

// Watch calls changed with what is installed: at once, and then whenever that has changed and the plugins in question have been left
// alone for the quiet period; docs/operations.md says how that is noticed. A plugin that is not left alone, or of which a file is open for writing, stays what it was
// in the Registry, and holds nobody else up. A plugin whose manifest can no longer be read keeps its name, and a plugins folder
// that cannot be read, but is there, keeps its plugins. That files were touched is a change, see Entry.FilesSum.
//
// Folders need not exist yet. Where there are no events, Watch looks from time to time, and says so once to the logger.
//
// Watch blocks until ctx ends, and then returns nil; an error is about the options, at once. It calls changed and the logger in
// its own goroutine, never twice at once: what happens during a call leads to another look after it. The same call may
// come although Changes finds nothing, as when only something changed that is not chosen.
func Watch(ctx context.Context, o Options, w WatchOptions, changed func(*Registry)) error {
	return watchBy(ctx, o, w, changed, means{open: newNotifier, writing: writing})
}

// means are what Watch asks the system for.
type means struct {
	open    func(Logger) (source, error)                  // nil: events are not wanted
	writing func(*Candidate) (state writers, file string) // whether a file of a candidate is being written, and which
}

func watchBy(ctx context.Context, o Options, w WatchOptions, changed func(*Registry), m means) error {
	rules, err := newPolicy(o)
	if err != nil {
		return err
	}
	w.Quiet, w.Poll = max(0, w.Quiet), max(0, w.Poll)
	if w.Logger == nil {
		w.Logger = silence{}
	}
	if w.Poll > 0 {
		m.open = nil
	}
	watcher := &watcher{
		path: o.Path, also: w.Also, rules: rules, changed: changed, disabled: w.Disabled, since: w.Since.grounds(), open: m.open, say: w.Logger,
		quiet:  quiet{period: cmp.Or(w.Quiet, defaultQuiet), longer: cmp.Or(w.Quiet, unknownQuiet), writing: m.writing},
		rescan: cmp.Or(w.Rescan, defaultRescan), poll: cmp.Or(w.Poll, defaultPoll), unread: map[string]bool{},
	}
	watcher.run(ctx)
	return nil
}

type silence struct{}

func (silence) Debug(string, ...any) {}
func (silence) Warn(string, ...any)  {}

// watcher is one Watch. All of it belongs to one goroutine.
type watcher struct {
	path, also   []string
	rules        *policy
	changed      func(*Registry)
	disabled     func() map[string]bool       // nil: as rules say
	since        map[string]*Candidate        // by the path of their item; nil: nothing is known
	open         func(Logger) (source, error) // as in means
	rescan, poll time.Duration
	say          Logger

	quiet  quiet
	src    source          // nil if there is none
	polled bool            // there are folders without events
	unread map[string]bool // plugins folders that are there and could not be read
}

func (w *watcher) run(ctx context.Context) {
	defer func() {
		if w.src != nil {
			w.src.Close()
		}
	}()
	for {
		begun := time.Now()
		v := w.look(ctx)
		if ctx.Err() != nil {
			return
		}
		fresh := w.follow(v.spots)
		news, again := w.judge(begun, v)
		if fresh { // what happened there before was seen or not, and left no hint
			again = sooner(again, w.quiet.period/2)
		}
		took := time.Since(begun)
		w.sayRestless(begun)
		if news {
			reg := w.registry(v.folders)
			reg.Looked = begun
			w.changed(reg)
		}
		if !w.wait(ctx, took, again) {
			return
		}
	}
}

// judge lets the quiet logic decide.
func (w *watcher) judge(now time.Time, v view) (news bool, again time.Duration) {
	if w.quiet.places == nil {
		w.quiet.adopt(now, v.seen, w.since)
		// A file that changes twice within one tick of the file system's clock looks the same: look once more.
		return true, w.quiet.period
	}
	return w.quiet.look(now, v.seen)
}

// view is what one look at all folders has seen.
type view struct {
	folders []Folder
	seen    map[place]*Candidate
	spots   spots
}

func (w *watcher) look(ctx context.Context) view {
	v := view{seen: map[place]*Candidate{}, spots: spots{}}
	for i, dir := range w.path {
		if end, info := v.spots.trail(absolute(dir)); info != nil && info.IsDir() {
			v.spots.all(end)
		}
		found, err := scanFolder(ctx, dir, w.rules)
		if ctx.Err() != nil {
			return v
		}
		v.folders = append(v.folders, Folder{Path: dir, Err: err})
		for _, c := range found {
			v.seen[place{i, c.ground.item}] = c
			v.spots.merge(c.ground.spots)
		}
		if w.cannotRead(dir, err) {
			w.keep(i, v)
		}
	}
	for _, file := range w.also {
		if c := lookAlso(absolute(file), v.spots); c != nil {
			v.seen[place{alsoFolder, c.ground.item}] = c
		}
	}
	return v
}

// cannotRead reports whether a folder is there and cannot be read, and says so once.
func (w *watcher) cannotRead(dir string, err error) bool {
	failed := err != nil && !errors.Is(err, fs.ErrNotExist)
	if failed && !w.unread[dir] {
		w.say.Warn("plugins folder cannot be read, its plugins stay as they are", "folder", dir, "error", err)
	}
	w.unread[dir] = failed
	return failed
}

// keep puts into a view what was seen last in a folder.
func (w *watcher) keep(folder int, v view) {
	for p, s := range w.quiet.places {
		if p.folder == folder && s.latest != nil {
			v.seen[p] = s.latest
			v.spots.merge(s.latest.ground.spots)
		}
	}
}

// follow has the source watch the folders in which something may change, and reports whether one of them is new to it.
func (w *watcher) follow(s spots) (fresh bool) {
	if w.open == nil {
		w.polled = true
		return false
	}
	if w.src == nil {
		src, err := w.open(w.say)
		if err != nil {
			w.hear(map[string]error{strings.Join(w.path, ", "): err})
			return false
		}
		w.src = src
	}
	fresh, deaf := w.src.Follow(s)
	w.hear(deaf)
	return fresh
}

// hear takes in for which folders there are no events. It says so when these begin and when they end.
func (w *watcher) hear(deaf map[string]error) {
	if len(deaf) > 0 && !w.polled {
		dir := slices.Min(slices.Collect(maps.Keys(deaf)))
		w.say.Warn("no events from plugins folders, looking from time to time", "folder", dir, "folders", len(deaf), "every", w.poll,
			"error", deaf[dir], "remedy", remedy(deaf[dir]))
	}
	if len(deaf) == 0 && w.polled {
		w.say.Debug("all plugins folders have events again")
	}
	w.polled = len(deaf) > 0
}

func remedy(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "raise fs.inotify.max_user_watches"
	case errors.Is(err, syscall.EMFILE):
		return "raise fs.inotify.max_user_instances, or the limit of descriptors (ulimit -n)"
	case errors.Is(err, fs.ErrPermission):
		return "let this user read the folder"
	}
	return "none is needed: changes are noticed later"
}

// sayRestless warns of plugins that have not come to rest for long.
func (w *watcher) sayRestless(now time.Time) {
	for _, s := range w.quiet.restless(now, lateAfter*w.quiet.period) {
		c := cmp.Or(s.latest, s.settled)
		reason, remedy := "it keeps changing", "leave out what changes with the manifest's files"
		if s.open != "" {
			reason, remedy = s.open+" is open for writing", "close it, or leave it out with the manifest's files"
		}
		w.say.Warn("plugin does not come to rest, its change has to wait", "plugin", cmp.Or(s.name, c.Name), "path", c.ground.item,
			"reason", reason, "remedy", remedy)
	}
}

// registry chooses from what has settled.
func (w *watcher) registry(folders []Folder) *Registry {
	var found []*Candidate
	for _, p := range slices.SortedFunc(maps.Keys(w.quiet.places), comparePlaces) {
		s := w.quiet.places[p]
		if s.settled == nil || p.folder == alsoFolder {
			continue
		}
		c := *s.settled // choosing changes it
		if c.Status == Broken && c.Manifest == nil && s.name != "" && !namesItself(&c) {
			c.Name = s.name
		}
		found = append(found, &c)
	}
	rules := *w.rules
	if w.disabled != nil {
		rules.disabled = w.disabled()
	}
	return choose(folders, found, &rules)
}

// grounds are all candidates by where they lie, as they were before the choice; nil of a nil Registry.
func (r *Registry) grounds() map[string]*Candidate {
	if r == nil {
		return nil
	}
	out := make(map[string]*Candidate)
	for _, c := range r.Found {
		if c.Err != nil {
			c.Status = Broken
		}
		if c.ground != nil {
			out[c.ground.item] = &c
		}
	}
	return out
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.folder, b.folder), strings.Compare(a.item, b.item))
}

// namesItself reports whether a broken candidate has its name from its manifest.
func namesItself(c *Candidate) bool {
	var me *manifest.Error
	return errors.As(c.Err, &me) && me.Name != ""
}

// wait returns when it is time for another look; false if ctx has ended. Half a quiet period, and four times what the last look
// took, pass in any case: a storm of events costs a fifth of a processor at most.
func (w *watcher) wait(ctx context.Context, took, again time.Duration) bool {
	pause := max(w.quiet.period/2, 4*took)
	if !sleep(ctx, pause) {
		return false
	}
	next := again
	if w.rescan > 0 {
		next = sooner(next, w.rescan)
	}
	if w.polled {
		next = sooner(next, w.poll)
	}
	if next == 0 {
		next = forever
	}
	return w.await(ctx, max(0, next-pause))
}

const forever = time.Duration(1<<63 - 1)

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// await waits for a hint, but no longer than d. A source that broke is left; the next look begins with another.
func (w *watcher) await(ctx context.Context, d time.Duration) bool {
	if w.src == nil {
		return sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case _, ok := <-w.src.Hints():
		if !ok {
			w.src.Close()
			w.src = nil
		}
	case <-timer.C:
	case <-ctx.Done():
		return false
	}
	return true
}
