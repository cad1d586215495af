package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-hotplug/hotplug/rpc"
)

// carry opens a call with streams, sends it the lines of stdin if it takes items, and prints what comes back until it is over. It reads no
// further than the plugin has room for, but for one buffer.
func (a *app) carry(ctx context.Context, p rpc.Peer, use rpc.Use, payload any, g *gauge) error {
	defer keepOnClosedStdout()()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f, err := p.Open(g.follow(ctx), &rpc.Message{Kind: use.Kind, Type: use.Name, Payload: payload})
	if err != nil {
		return err
	}
	defer f.Close()
	sent := make(chan error, 1) // sendLines says once how it ended; one slot, because stdout may fail first
	go func() {
		err := a.sendLines(ctx, f, use)
		if err != nil {
			cancel()
		}
		sent <- err
	}()
	err = a.receive(f, use, g)
	cancel()
	wrong := <-sent
	if _, ours := errors.AsType[*exitError](err); err != nil && wrong != nil && !ours {
		return wrong // it came first, and ended the call
	}
	return err
}

// keepOnClosedStdout makes a closed stdout an error rather than the end of the process, which would leave behind what it keeps. The function that it
// returns undoes that.
func keepOnClosedStdout() func() {
	c := make(chan os.Signal, 1) // nobody receives: the write says it
	signal.Notify(c, syscall.SIGPIPE)
	return func() { signal.Stop(c) }
}

// receive prints items, or the reply of an upload, until the call is over.
func (a *app) receive(f rpc.Flow, use rpc.Use, g *gauge) error {
	if use.Kind == rpc.KindUpload {
		var res any
		if err := f.Result(&res); err != nil {
			return err
		}
		g.makeRoom()
		return a.printAnswer(use, res)
	}
	for {
		var item any
		err := f.Recv(&item)
		if err == io.EOF {
			return a.printEnd()
		}
		if err != nil {
			return err
		}
		g.makeRoom()
		if err := a.printItem(use, item); err != nil {
			return err
		}
	}
}

// printItem prints an item as one line of JSON.
func (a *app) printItem(use rpc.Use, item any) error {
	out, err := use.Reply.ToJSON(item)
	if err != nil {
		return exitf(exitAnswer, "%s: an item cannot be shown as JSON: %w", use.Name, err)
	}
	if a.json {
		out = append(append([]byte(`{"item":`), out...), '}')
	}
	_, err = a.out.Write(append(tame(out), '\n'))
	return written(err)
}

// printEnd says that there are no more items, where a program may want to know.
func (a *app) printEnd() error {
	if !a.json {
		return nil
	}
	a.answered = true
	return a.line(map[string]any{"result": nil})
}

// sendLines sends what stdin holds until it ends or the call is over. Of a call that takes no items it reads nothing.
func (a *app) sendLines(ctx context.Context, f rpc.Flow, use rpc.Use) error {
	if !takesItems(use.Kind) {
		return nil
	}
	for l := range linesOf(ctx, a.in) {
		item, err := l.item(use)
		if err != nil {
			return err
		}
		err = f.Send(item)
		if err == io.EOF {
			return nil // the plugin did not wait for the rest
		}
		if err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return f.CloseSend()
}
