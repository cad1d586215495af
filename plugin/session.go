package plugin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/internal/peercred"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/rpc"
)

// A session is one connection to the host that passed its handshake.
type session struct {
	conn   *rpc.Conn
	hostID string
	keep   bool          // the plugin outlives its host
	spoken chan struct{} // the connection signals that the host has said goodbye, the life receives; one is enough, conn.Heard knows what it said
	parted chan struct{} // closed when nothing of a session that was replaced or parked is left
}

func newSession(hostID string, keep bool) *session {
	return &session{hostID: hostID, keep: keep, spoken: make(chan struct{}, 1), parted: make(chan struct{})}
}

// parks reports whether the process stays though the host leaves this session: it has said that it comes back, or the plugin outlives its host and
// the connection has ended without a goodbye.
func (s *session) parks() bool {
	if s.keep && s.conn.Err() != nil { // before it is asked what was heard, which is exact from then on
		g, said := s.conn.Heard()
		return !said || g.Then == rpc.GoodbyePark
	}
	g, said := s.conn.Heard()
	return said && g.Then == rpc.GoodbyePark
}

func (s *session) heardGoodbye(rpc.Goodbye) {
	select {
	case s.spoken <- struct{}{}:
	default:
	}
}

type sessionKey struct{}

// sessionOf returns the session whose call or notice ctx handles; nil outside of a handler.
func sessionOf(ctx context.Context) *session {
	s, _ := ctx.Value(sessionKey{}).(*session)
	return s
}

// acceptPause is how long a listener that failed is left alone.
const acceptPause = 50 * time.Millisecond

// strangers is how many connections may be in their handshake at once.
const strangers = 8

// accept takes connections until ctx ends; each passes its handshake in a goroutine of its own.
func (l *life) accept(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	stop := context.AfterFunc(ctx, func() { l.in.listener.Close() })
	defer stop()
	slots := make(chan struct{}, strangers)
	for {
		c, err := l.in.listener.Accept()
		if errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
			return
		}
		if err != nil { // no descriptors left, perhaps; the next one may be the host's
			l.s.Logger.Warn("a connection could not be accepted", "error", err)
			time.Sleep(acceptPause)
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			l.greet(ctx, c)
		})
	}
}

// greet does the handshake and hands the session to run.
func (l *life) greet(ctx context.Context, c net.Conn) {
	stop := context.AfterFunc(ctx, func() { c.Close() })
	err := l.handshake(ctx, wire.NewStream(c))
	stop()
	if err != nil {
		l.s.Logger.Warn("a connection was refused", "reason", err.Error())
		c.Close()
	}
}

// handshake reads the host's line, answers it, and hands the session to run.
func (l *life) handshake(ctx context.Context, c *wire.Stream) error {
	if err := checkPeer(c.Conn); err != nil {
		return err
	}
	_ = c.SetDeadline(time.Now().Add(l.handshakeTimeout()))
	hello, err := wire.ReadHostHello(c.Reader)
	if errors.Is(err, os.ErrDeadlineExceeded) { // it is hung up on: a host would have said something
		return fmt.Errorf("no whole handshake line came within %s (timeouts.handshake)", l.handshakeTimeout())
	}
	if err == nil {
		err = l.checkHello(hello)
	}
	if err != nil {
		refuse(c, err)
		return err
	}
	l.admitting.Lock()
	defer l.admitting.Unlock()
	return l.admit(ctx, c, hello)
}

// admit takes in a host that presented the token, one at a time: whoever is answered later finds the earlier one, and replaces it.
func (l *life) admit(ctx context.Context, c *wire.Stream, hello *wire.HostHello) error {
	latest, leaving, _ := l.host.look()
	if leaving {
		err := &wire.Refusal{Code: string(rpc.Unavailable), Message: "this plugin is leaving"}
		refuse(c, err)
		return err
	}
	if err := onlyHost(ctx, latest, hello.Host.ID); err != nil {
		refuse(c, err)
		return err
	}
	if l.in.lifeline != nil && l.s.Stop != nil {
		softenLifeline(l.in.lifeline) // the host has armed it by now
	}
	if err := wire.WriteLine(c, l.hello()); err != nil {
		refuse(c, err) // nothing of a line that says too much was written
		return err
	}
	_ = c.SetDeadline(time.Time{})
	s := newSession(hello.Host.ID, l.keepsAlive())
	l.host.connect(s, func() *rpc.Conn { return l.newConn(s, c, hello) })
	select {
	case l.sessions <- s:
	case <-ctx.Done():
		s.conn.Close()
	}
	return nil
}

// newConn makes the connection to a host whose hello was answered.
func (l *life) newConn(s *session, c *wire.Stream, hello *wire.HostHello) *rpc.Conn {
	return rpc.NewConn(context.WithValue(context.Background(), sessionKey{}, s), c, rpc.Options{
		Serializer: l.serializer, Handlers: l.mux, PeerHandles: rpc.UsesOf(hello.Handles), Side: rpc.FromPlugin, Caller: l.host,
		MaxFrame: hello.Limits.Frame, MaxInflight: hello.Limits.Inflight, MaxStreams: hello.Limits.Streams,
		StreamItems: hello.Limits.StreamItems, StreamBytes: hello.Limits.StreamBytes, CallTimeout: l.in.callTimeout(),
		Logger: l.s.Logger, OnGoodbye: s.heardGoodbye,
		Middleware: l.s.Middleware, TxID: l.s.TxID,
	})
}

func (l *life) handshakeTimeout() time.Duration {
	if ms := l.in.startup.Timeouts.Handshake; ms > 0 {
		return time.Duration(ms) * time.Millisecond
	}
	return wire.HandshakeTimeout
}

// checkPeer keeps other users out, where the system can tell who connects.
func checkPeer(c net.Conn) error {
	unix, isUnix := c.(*net.UnixConn)
	if !isUnix {
		return nil
	}
	uid, pid, known, err := peercred.Of(unix)
	if err != nil {
		return err
	}
	if known && uid != 0 && uid != os.Getuid() {
		return fmt.Errorf("user %d (process %d) is neither root nor user %d, whom this plugin runs as", uid, pid, os.Getuid())
	}
	return nil
}

// checkHello says why this host cannot be served.
func (l *life) checkHello(h *wire.HostHello) error {
	if !wire.SameSecret(h.Token, l.in.startup.Token) {
		return &wire.Refusal{Code: string(rpc.Denied), Message: "wrong token: this plugin belongs to another host"}
	}
	if _, err := wire.PickVersion(h.Hotplug); err != nil {
		return err
	}
	if h.Serializer != l.serializer.Name() {
		return wire.SerializerMismatch(h.Serializer, l.serializer.Name())
	}
	if err := wire.CheckUses(rpc.Records(l.s.Uses), h.Handles, true); err != nil {
		return &wire.Refusal{Code: string(rpc.Unimplemented), Message: err.Error()}
	}
	return nil
}

// onlyHost refuses a second host while the first one is alive. The same host may connect again.
func onlyHost(ctx context.Context, latest *session, id string) error {
	if latest == nil || latest.hostID == id {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if _, err := latest.conn.Ping(ctx); err != nil {
		return nil
	}
	return &wire.Refusal{Code: string(rpc.Conflict), Message: "busy: another host is connected to this plugin"}
}

func refuse(c net.Conn, err error) {
	var r *wire.Refusal
	if !errors.As(err, &r) {
		r = &wire.Refusal{Code: string(rpc.Protocol), Message: err.Error()}
	}
	_ = wire.WriteLine(c, &wire.PluginHello{Error: r})
}

// hello is this plugin's line of the handshake.
func (l *life) hello() *wire.PluginHello {
	h := &wire.PluginHello{
		Hotplug: wire.Version, Serializer: l.serializer.Name(), Answer: l.in.startup.Answer,
		Handles: rpc.Records(l.mux.Uses()), Uses: rpc.Records(l.s.Uses), Features: l.hooks.features(),
	}
	if l.id != nil {
		h.Plugin = &wire.PluginInfo{Name: l.id.Name, Version: l.id.Version, PID: os.Getpid(), Build: build()}
	}
	return h
}
