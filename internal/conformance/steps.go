package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-hotplug/hotplug/internal/wire"
)

func (p *play) say(_ context.Context, s Step) error {
	v, err := p.value(s.Rest)
	if err != nil {
		return err
	}
	err = p.peer(s).send(v)
	if strings.Contains(s.Rest, "$fill") && hungUp(err) {
		return nil // it may have stopped in the middle
	}
	return err
}

func (p *play) raw(_ context.Context, s Step) error { return p.peer(s).raw(s.Rest) }

// hear expects one frame.
func (p *play) hear(_ context.Context, s Step) error {
	want, err := decode([]byte(s.Rest))
	if err != nil {
		return err
	}
	peer := p.peer(s)
	f, err := peer.next(stepTime)
	if err != nil {
		return err
	}
	p.vars["owed"] = json.Number(strconv.FormatInt(peer.owed, 10))
	if diff := p.vars.match(want, f.value, "frame"); diff != "" {
		return fmt.Errorf("%s in %s", diff, clip(f.line))
	}
	return nil
}

func (p *play) hearAnyOrder(_ context.Context, s Step) error { return p.hearGroup([]Step{s}) }

// hearGroup expects as many frames as there are steps, in any order.
func (p *play) hearGroup(group []Step) error {
	open := append([]Step(nil), group...)
	for len(open) > 0 {
		f, err := p.peer(group[0]).next(stepTime)
		if err != nil {
			return err
		}
		at := -1
		for i, s := range open {
			want, err := decode([]byte(s.Rest))
			if err != nil {
				return err
			}
			if p.vars.match(want, f.value, "frame") == "" {
				at = i
				break
			}
		}
		if at < 0 {
			return fmt.Errorf("want one of %d frames in any order, found %s", len(open), clip(f.line))
		}
		open = append(open[:at], open[at+1:]...)
	}
	return nil
}

func (p *play) acked(_ context.Context, s Step) error {
	want, err := strconv.ParseUint(s.Rest, 10, 64)
	if err != nil {
		return err
	}
	peer := p.peer(s)
	err = peer.await(func() bool { return peer.acked >= want })
	if peer.acked > want {
		return fmt.Errorf("want %d notices acknowledged, found %d", want, peer.acked)
	}
	if err != nil {
		return fmt.Errorf("want %d notices acknowledged, found %d: %w", want, peer.acked, err)
	}
	return nil
}

// open pings.
func (p *play) open(_ context.Context, s Step) error {
	peer := p.peer(s)
	peer.pings++
	n := peer.pings
	if err := peer.reply(&wire.Frame{Kind: wire.Ping, Tx: wire.Tx{N: n}}, nil); err != nil {
		return err
	}
	if err := peer.await(func() bool { return peer.ponged >= n }); err != nil {
		return fmt.Errorf("want a pong to the ping %d: %w", n, err)
	}
	return nil
}

func (p *play) silent(_ context.Context, s Step) error {
	f, err := p.peer(s).next(silentTime)
	if errors.Is(err, errQuiet) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("want nothing, and the connection open: %w", err)
	}
	return fmt.Errorf("want nothing, found %s", clip(f.line))
}

// pinged waits for the plugin's ping, which is answered.
func (p *play) pinged(_ context.Context, s Step) error {
	peer := p.peer(s)
	if err := peer.await(func() bool { return peer.pinged }); err != nil {
		return fmt.Errorf("want a ping: %w", err)
	}
	return nil
}

// ends expects the end of the connection: also of one that has had no handshake.
func (p *play) ends(_ context.Context, s Step) error {
	peer := p.peer(s)
	if peer.frames == nil {
		line, err := peer.line(stepTime)
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("want the end of the connection, found %s %v", clip(string(line)), err)
		}
		return nil
	}
	for {
		f, err := peer.next(stepTime)
		switch {
		case errors.Is(err, io.EOF), hungUp(err):
			return nil
		case errors.Is(err, errQuiet):
			return errors.New("want the end of the connection: it is open")
		case err != nil:
			return fmt.Errorf("want the end of the connection between two frames: %w", err)
		case f.Kind != wire.Goodbye:
			return fmt.Errorf("want the end of the connection, found %s", clip(f.line))
		}
	}
}

func hungUp(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}

func (p *play) closeConn(_ context.Context, s Step) error { return p.peer(s).conn.Close() }

func (p *play) signal(context.Context, Step) error {
	err := p.process.Terminate()
	if errors.Is(err, errors.ErrUnsupported) {
		return errNotClaimed{errors.New("there is no SIGTERM on this system")}
	}
	return err
}

func (p *play) cut(context.Context, Step) error {
	p.process.Close()
	return nil
}

func (p *play) exits(_ context.Context, s Step) error {
	select {
	case <-p.process.Done():
	case <-time.After(startTime):
		return fmt.Errorf("want the process to end with %s: it runs", s.Rest)
	}
	exit := p.process.Exit()
	<-p.process.stdout.done
	<-p.process.stderr.done
	if s.Rest == "any" || exit.Signal == "" && strconv.Itoa(exit.Code) == s.Rest {
		return nil
	}
	if p.c.Start.Mode == "describe" && exit.Code == 64 {
		return errNotClaimed{errNotDescribed}
	}
	return fmt.Errorf("want exit code %s, found: %s%s", s.Rest, exit, p.process.words())
}

func (p *play) gone(context.Context, Step) error {
	select {
	case <-p.process.Done():
		return nil
	case <-time.After(goneTime):
		return fmt.Errorf("want the process gone within %s: it runs", goneTime)
	}
}

func (p *play) stderr(_ context.Context, s Step) error {
	if said := p.process.stderr.String(); !strings.Contains(said, s.Rest) {
		return fmt.Errorf("want %q on stderr, found %q", s.Rest, clip(said))
	}
	return nil
}

func (p *play) describes(context.Context, Step) error {
	_, err := parseDescription(p.process.stdout.String())
	if errors.Is(err, errNotDescribed) {
		return errNotClaimed{err}
	}
	return err
}
