package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
)

// A play is one case with one process of the target.
type play struct {
	c          *Case
	plugin     *claims
	serializer codec.Serializer
	process    *process
	peers      map[string]*peer
	vars       variables
	claimed    *wire.PluginHello // the last that was accepted
}

// claims is what a plugin says that it handles and uses.
type claims struct {
	handles map[string]wire.Message
	order   []string // of handles
	uses    []wire.Message
}

// errNotClaimed is a step that shows that the plugin does not claim what the case is about.
type errNotClaimed struct{ error }

var verbs map[string]func(*play, context.Context, Step) error

func init() { // not a literal: the functions look at each other through it
	verbs = map[string]func(*play, context.Context, Step) error{
		"dial": (*play).dial, "hello": (*play).hello, "accepted": (*play).accepted, "states": (*play).states, "refused": (*play).refused,
		">": (*play).say, "raw": (*play).raw, "<": (*play).hear, "<?": (*play).hearAnyOrder,
		"acked": (*play).acked, "told": (*play).told, "takes": (*play).takes, "notify": (*play).notify, "flood": (*play).flood, "open": (*play).open, "pinged": (*play).pinged, "silent": (*play).silent, "end": (*play).ends, "close": (*play).closeConn,
		"gets": (*play).gets, "until": (*play).until, "reports": (*play).reports, "upload": (*play).upload, "spend": (*play).spend,
		"signal": (*play).signal, "cut": (*play).cut, "exit": (*play).exits, "gone": (*play).gone, "stderr": (*play).stderr, "describes": (*play).describes,
	}
}

// run plays a case; the error is where the plugin departs from it.
func (t *Target) run(ctx context.Context, c *Case, claimed *claims, s codec.Serializer) error {
	p := &play{c: c, plugin: claimed, serializer: s, peers: map[string]*peer{}}
	var err error
	if p.process, err = t.launch(c, s); err != nil {
		return err
	}
	defer p.process.end()
	defer p.hangUp()
	p.vars = p.variables()
	if p.process.first != nil {
		p.meet("a", p.process.first)
	}
	steps := grouped(c.Steps)
	for _, group := range steps {
		if err := p.step(ctx, group); err != nil {
			if _, is := errors.AsType[errNotClaimed](err); is {
				return err
			}
			return fmt.Errorf("%s: %w", group[0], p.explained(err))
		}
	}
	return p.violation()
}

// grouped puts steps that may come in any order together.
func grouped(steps []Step) (groups [][]Step) {
	for i, s := range steps {
		if i > 0 && s.Verb == "<?" && steps[i-1].Verb == "<?" && s.Peer == steps[i-1].Peer {
			groups[len(groups)-1] = append(groups[len(groups)-1], s)
			continue
		}
		groups = append(groups, []Step{s})
	}
	return groups
}

func (p *play) step(ctx context.Context, group []Step) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(group) > 1 {
		return p.hearGroup(group)
	}
	return verbs[group[0].Verb](p, ctx, group[0])
}

// explained adds what the process said, if it has ended when it should not.
func (p *play) explained(err error) error {
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
		return err
	}
	select {
	case <-p.process.Done():
		<-p.process.stderr.done
		return fmt.Errorf("%w (the process ended: %s%s)", err, p.process.Exit(), p.process.words())
	case <-time.After(silentTime):
		return fmt.Errorf("%w (the process still runs%s)", err, p.process.words())
	}
}

// violation is what a plugin did that no case may overlook, although it was asked about something else.
func (p *play) violation() error {
	for _, peer := range p.peers {
		if peer.violation != nil {
			return peer.violation
		}
	}
	return nil
}

func (p *play) hangUp() {
	for _, peer := range p.peers {
		peer.conn.Close()
	}
}

func (p *play) variables() variables {
	vars := variables{"token": p.process.startup.Token, "wrong": wire.NewSecret(), "wide": "conformance.wide" + strings.Repeat("x", 20_000), "long": strings.Repeat("0", 100_000)}
	for _, need := range []string{"$call", "$notice"} {
		if name := p.plugin.find(need); name != "" {
			vars[need[1:]] = name
		}
	}
	return vars
}

func (p *play) meet(name string, c net.Conn) {
	p.peers[name] = newPeer(c, wire.FormatOf(p.serializer), p.c.Split)
}

func (p *play) dial(ctx context.Context, s Step) error {
	c, err := p.process.dial(ctx)
	if err != nil {
		return err
	}
	p.meet(s.Peer, c)
	return nil
}

// peer is the connection of a step. The case that names none has a mistake, which the tests find.
func (p *play) peer(s Step) *peer {
	if p.peers[s.Peer] == nil {
		_ = p.dial(context.Background(), s)
	}
	return p.peers[s.Peer]
}

// hello sends the host's line.
func (p *play) hello(_ context.Context, s Step) error {
	up := p.process.startup
	line, err := json.Marshal(&wire.HostHello{
		Hotplug: up.Hotplug, Serializer: up.Serializer, Token: up.Token, Host: up.Host, Limits: up.Limits, Handles: p.plugin.offered(),
	})
	if err != nil {
		return err
	}
	v, err := decode(line)
	if err != nil {
		return err
	}
	if s.Rest != "" {
		changes, err := p.value(s.Rest)
		if err != nil {
			return err
		}
		overlay(v.(map[string]any), changes.(map[string]any))
	}
	if line, err = json.Marshal(v); err != nil {
		return err
	}
	err = p.peer(s).write(append(line, '\n'))
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, os.ErrDeadlineExceeded) {
		return nil // what it answers counts
	}
	return err
}

func overlay(base, changes map[string]any) {
	for k, v := range changes {
		inner, both := base[k].(map[string]any)
		more, is := v.(map[string]any)
		switch {
		case v == nil:
			delete(base, k)
		case both && is:
			overlay(inner, more)
		case k == "fill": // pads the line
			n, _ := v.(json.Number).Int64()
			base["pad"] = strings.Repeat("x", int(n))
		default:
			base[k] = v
		}
	}
}

func (p *play) value(text string) (any, error) {
	v, err := decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%w in %s", err, text)
	}
	return p.vars.fill(v)
}

// accepted reads the plugin's line and does what a host does then.
func (p *play) accepted(_ context.Context, s Step) error {
	peer := p.peer(s)
	line, err := peer.line(startTime)
	if err != nil {
		return fmt.Errorf("want the plugin's handshake line: %w", err)
	}
	var h wire.PluginHello
	if err := json.Unmarshal(line, &h); err != nil {
		return fmt.Errorf("want the plugin's handshake line, found %s: %w", clip(string(line)), err)
	}
	up := p.process.startup
	switch {
	case h.Error != nil:
		return fmt.Errorf("it refused: %s: %s", h.Error.Code, h.Error.Message)
	case h.Hotplug != wire.Version:
		return fmt.Errorf("hotplug: want the version that it picked, %d, found %d", wire.Version, h.Hotplug)
	case h.Serializer != up.Serializer:
		return fmt.Errorf("serializer: want %q, found %q", up.Serializer, h.Serializer)
	case h.Answer != up.Answer:
		return errors.New("answer: it is not that of the start-up data")
	}
	p.claimed = &h
	peer.begin(up.Limits.Frame)
	return peer.start(h.Features)
}

// states looks at the features of the last that was accepted.
func (p *play) states(_ context.Context, s Step) error {
	feature, without := strings.CutPrefix(s.Rest, "no ")
	switch stated := slices.Contains(p.claimed.Features, feature); {
	case stated && without:
		return errNotClaimed{fmt.Errorf("it states the feature %s", feature)}
	case !stated && !without:
		return errNotClaimed{fmt.Errorf("it does not state the feature %s", feature)}
	}
	return nil
}

// start makes the call that a plugin with a Start hook waits for.
func (p *peer) start(features []string) error {
	for _, f := range features {
		if f != "start" {
			continue
		}
		if err := p.send(map[string]any{"tx": "start", "type": "hotplug.start", "kind": "request", "payload": map[string]any{}}); err != nil {
			return err
		}
		f, err := p.next(startTime)
		if err != nil {
			return fmt.Errorf("hotplug.start: %w", err)
		}
		if f.Kind != wire.Result {
			return fmt.Errorf("hotplug.start: want a result, found %s", clip(f.line))
		}
	}
	return nil
}

func (p *play) refused(_ context.Context, s Step) error {
	peer := p.peer(s)
	line, err := peer.line(startTime)
	if err != nil {
		return fmt.Errorf("want a line that refuses with %s: %w", s.Rest, err)
	}
	var h wire.PluginHello
	if err := json.Unmarshal(line, &h); err != nil || h.Error == nil {
		return fmt.Errorf("want a line that refuses with %s, found %s", s.Rest, clip(string(line)))
	}
	if h.Error.Code != s.Rest || h.Error.Message == "" {
		return fmt.Errorf("want a refusal with %s and a sentence, found %s", s.Rest, clip(string(line)))
	}
	_, err = peer.line(stepTime)
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
		return nil
	}
	return fmt.Errorf("want the connection to end behind a refusal, found: %v", err)
}
