package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/hostapi"
)

// serve shows the site until ctx ends.
func serve(ctx context.Context, o options, stdout, stderr io.Writer) int {
	s, err := openServer(ctx, o, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "site:", err)
		return 1
	}
	defer s.close()
	fmt.Fprintf(stdout, "site: %s shows %s, and anew whenever a source or a plugin changes; Ctrl-C ends it\n", s.address(), count(s.pages(), "page"))
	s.run(ctx)
	return 0
}

// A server shows the latest edition of a site, and makes the next one when something has changed. Its plugins run all the while.
type server struct {
	options
	stderr   io.Writer
	shelf    shelf
	host     *host.Host
	events   iter.Seq[host.Event]
	unfollow context.CancelFunc // ends events
	seen     map[place]string   // the sources before the first edition, as look has them
	listener net.Listener
	work     string        // folder of editions on their way
	life     string        // names this run
	dirty    chan struct{} // one slot: whoever knows of a change signals, run receives

	edition atomic.Pointer[edition]
	number  int                              // of editions; of the goroutine that builds
	memory  *memory                          // likewise
	shown   atomic.Pointer[map[place]string] // the files that pages link to or show, as the edition has them

	mu    sync.Mutex    // guards fresh
	fresh chan struct{} // closed and replaced by each new edition
}

// A shelf holds the sources of the edition that is being made: what plugins may know.
type shelf struct{ current atomic.Pointer[library] }

func (s *shelf) handlers() []rpc.Handler {
	return []rpc.Handler{
		hostapi.ReadAsset.Handle(func(ctx context.Context, req hostapi.AssetRequest) (hostapi.Asset, error) {
			return s.current.Load().readAsset(ctx, req)
		}),
		hostapi.Exists.Handle(func(ctx context.Context, req hostapi.ExistsRequest) (hostapi.ExistsReply, error) {
			return s.current.Load().exists(ctx, req)
		}),
		hostapi.Anchors.Handle(func(ctx context.Context, req hostapi.AnchorsRequest) (hostapi.AnchorsReply, error) {
			return s.current.Load().anchors(ctx, req)
		}),
	}
}

// openServer makes the first edition and listens.
func openServer(ctx context.Context, o options, stderr io.Writer) (*server, error) {
	o.command = commandServe
	s := &server{options: o, stderr: stderr, life: rand.Text()[:8], dirty: make(chan struct{}, 1), fresh: make(chan struct{}), memory: newMemory()}
	s.shown.Store(&map[place]string{})
	s.shelf.current.Store(newLibrary(nil))
	var err error
	if s.work, err = os.MkdirTemp("", "site-"); err != nil {
		return nil, err
	}
	logger := (&builder{options: o, progress: newProgress(stderr)}).logger()
	if s.host, err = openHost(ctx, o, muster(ctx, o.plugins), s.shelf.handlers(), nil, logger); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.work))
	}
	following, unfollow := context.WithCancel(ctx)
	s.events, s.unfollow, s.seen = s.host.Events(following), unfollow, s.look(ctx) // before the first edition: none of what changes meanwhile is missed
	if err = s.publish(ctx); err == nil {
		s.listener, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(o.port)))
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *server) close() {
	s.unfollow()
	if s.listener != nil {
		s.listener.Close()
	}
	if err := errors.Join(s.host.Close(), os.RemoveAll(s.work)); err != nil {
		fmt.Fprintln(s.stderr, "site:", err)
	}
}

func (s *server) address() string { return "http://" + s.listener.Addr().String() + "/" }

// pages is how many the edition has.
func (s *server) pages() int { return s.edition.Load().pages }

// run answers requests and makes editions until ctx ends.
func (s *server) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	mux := http.NewServeMux()
	mux.HandleFunc("/"+liveFile, func(w http.ResponseWriter, r *http.Request) { s.live(ctx, w, r) })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.edition.Load().ServeHTTP(w, r) })
	answering := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	var all sync.WaitGroup
	all.Go(func() { _ = answering.Serve(s.listener) })
	all.Go(func() { s.followPlugins() })
	all.Go(func() { s.followSources(ctx) })
	s.rebuild(ctx)
	cancel()
	s.unfollow()
	late, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	_ = answering.Shutdown(late)
	all.Wait()
}

// followPlugins has an edition made whenever the host says that a plugin answers: it may be another one than before. What went wrong is in the log.
func (s *server) followPlugins() {
	for e := range s.events {
		if e.To != host.Ready {
			continue
		}
		if e.Err == nil {
			fmt.Fprintln(s.stderr, "site: plugin", e)
		}
		s.change()
	}
}

// sourcesPause is how often the sources are looked at.
const sourcesPause = 500 * time.Millisecond

// followSources has an edition made when Markdown has changed, or a file that a page links to or shows.
func (s *server) followSources(ctx context.Context) {
	tick := time.NewTicker(sourcesPause)
	defer tick.Stop()
	last := s.seen
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		now := s.look(ctx)
		if now == nil {
			continue
		}
		for _, at := range differences(last, now, *s.shown.Load()) {
			fmt.Fprintf(s.stderr, "site: %s has changed\n", at)
			s.change()
		}
		last = now
	}
}

// look looks at the sources, and at what the edition shows.
func (s *server) look(ctx context.Context) map[place]string {
	return look(ctx, s.options, *s.shown.Load())
}

// change says that the edition is not the latest.
func (s *server) change() {
	select {
	case s.dirty <- struct{}{}:
	default:
	}
}

// rebuild makes the next edition whenever there is a reason, until ctx ends. If that fails, readers have the one before.
func (s *server) rebuild(ctx context.Context) {
	for {
		select {
		case <-s.dirty:
		case <-ctx.Done():
			return
		}
		if err := s.publish(ctx); err != nil && ctx.Err() == nil {
			fmt.Fprintf(s.stderr, "site: the site stays as it is: %v\n", err)
		}
	}
}

// publish makes an edition and shows it, unless it is the same as the one before.
func (s *server) publish(ctx context.Context) error {
	begun := time.Now()
	o := s.options
	o.out = filepath.Join(s.work, "edition")
	b, err := newBuilder(ctx, o, s.memory, nil, newProgress(io.Discard))
	if err != nil {
		return err
	}
	defer closeAll(b.projects)
	b.crew = muster(ctx, o.plugins)
	s.shelf.current.Store(b.library)
	if err := b.make(ctx, s.host); err != nil {
		return err
	}
	b.report.count(b.projects)
	s.tell(b)
	e, err := readEdition(o.out, fmt.Sprintf("%s-%d", s.life, s.number+1))
	if err != nil {
		return err
	}
	before := s.edition.Load()
	for _, p := range b.report.failed {
		state := "is not in the site"
		if e.keep(p, before) {
			state = "stays as it was"
		}
		fmt.Fprintf(s.stderr, "site: page %s %s: %v\n", p, state, p.err)
	}
	e.pages = b.report.pages
	if !e.same(before) {
		s.number++
		s.show(e)
		fmt.Fprintf(s.stderr, "site: edition %d, %s in %s\n", s.number, count(e.pages, "page"), time.Since(begun).Round(time.Millisecond))
	}
	return os.RemoveAll(o.out)
}

// tell says what was rendered for an edition that is not the first, and has the files watched that its pages link to or show.
func (s *server) tell(b *builder) {
	if s.edition.Load() != nil {
		for _, line := range reasons(b.pages) {
			fmt.Fprintln(s.stderr, "site:", line)
		}
	}
	shown := b.library.shownBy(b.pages)
	s.shown.Store(&shown)
}

// show has readers get an edition, and tells browsers.
func (s *server) show(e *edition) {
	s.edition.Store(e)
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.fresh)
	s.fresh = make(chan struct{})
}

// live tells a browser the name of each edition, by server-sent events, until it leaves.
func (s *server) live(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	for {
		s.mu.Lock()
		fresh := s.fresh
		s.mu.Unlock()
		if _, err := fmt.Fprintf(w, "data: %s\n\n", s.edition.Load().name); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		select {
		case <-fresh:
		case <-r.Context().Done():
			return
		case <-ctx.Done():
			return
		}
	}
}
