package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/internal/nearest"
	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/shape"
)

// takePayload takes the payload from the command line, before anything is started.
func (r *request) takePayload(args []string) error {
	if len(args) == 0 {
		return nil
	}
	if r.stdin = args[0] == "-"; r.stdin {
		return nil // to be read whole or line by line: the plugin says which
	}
	r.json = []byte(args[0])
	return r.isJSON()
}

// readPayload takes the payload from stdin, if it is to come from there.
func (a *app) readPayload(ctx context.Context, r *request) error {
	if !r.stdin {
		return nil
	}
	var err error
	if r.json, err = readAll(ctx, a.in); err != nil {
		return err
	}
	return r.isJSON()
}

func (r *request) isJSON() error {
	var raw json.RawMessage
	if err := json.Unmarshal(r.json, &raw); err != nil {
		return exitf(exitUsage, "the payload is not JSON: %w", err)
	}
	return nil
}

// readAll reads to the end, or until it is interrupted; then the goroutine stays behind, with the process about to end.
func readAll(ctx context.Context, in io.Reader) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1) // one slot, so that the reader ends though nobody waits any more
	go func() {
		data, err := io.ReadAll(in)
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, exitf(exitUsage, "read the payload from stdin: %w", r.err)
		}
		return r.data, nil
	case <-ctx.Done():
		return nil, orInterrupted(ctx, exitUsage, errors.New("while the payload was read from stdin"))
	}
}

// exchange waits for the plugin and sends it the message, if it takes it.
func (a *app) exchange(ctx context.Context, h *host.Host, r *request) error {
	p := h.Plugin(r.plugin)
	if err := p.Ready(ctx); err != nil {
		return notStarted(ctx, h, r.plugin, err)
	}
	if e, ok := h.Registry().Find(r.plugin); ok {
		r.worker = e.Manifest.Protocol == manifest.ProtocolIsolatedWorkers1
	}
	use, err := r.use(p)
	if err != nil {
		return err
	}
	payload, err := a.payload(ctx, r, use)
	if err != nil {
		return err
	}
	return a.send(ctx, p, r, use, payload)
}

// payload is what is sent before any item.
func (a *app) payload(ctx context.Context, r *request, use rpc.Use) (any, error) {
	if !takesItems(use.Kind) {
		if err := a.readPayload(ctx, r); err != nil {
			return nil, err
		}
		return r.payload(use)
	}
	if r.json != nil {
		return nil, exitf(exitUsage, "%s takes its items from stdin, a line of JSON for each: found JSON behind its name, want none", use.Name)
	}
	return nil, nil
}

// send sends the message and prints the answer. ctx ends when the command is interrupted.
func (a *app) send(ctx context.Context, p *host.Plugin, r *request, use rpc.Use, payload any) error {
	timed := ctx
	if r.timeout > 0 {
		var cancel context.CancelFunc
		timed, cancel = context.WithTimeoutCause(ctx, r.timeout, fmt.Errorf("no answer within %s (--timeout)", r.timeout))
		defer cancel()
	}
	if use.Kind == rpc.KindNotice {
		if err := notify(timed, p, use.Name, payload); err != nil {
			return r.failed(ctx, p, use.Name, err)
		}
		return a.printNothing()
	}
	g := a.gauge(r)
	defer g.clear()
	err := a.converse(timed, p, use, payload, g)
	if _, ours := errors.AsType[*exitError](err); err == nil || ours {
		return err
	}
	return r.failed(ctx, p, use.Name, r.overdue(timed, err))
}

// converse calls the plugin and prints what it answers. An error without an exit code is the call's.
func (a *app) converse(ctx context.Context, p rpc.Peer, use rpc.Use, payload any, g *gauge) error {
	if use.Kind == rpc.KindStream || takesItems(use.Kind) {
		return a.carry(ctx, p, use, payload, g)
	}
	res, err := rpc.Method[any, any](use.Name).Call(g.follow(ctx), p, payload)
	if err != nil {
		return err
	}
	g.clear()
	return a.printAnswer(use, res)
}

// overdue is the error of a call whose time is up, whichever end noticed first.
func (r *request) overdue(timed context.Context, err error) error {
	deadline, has := timed.Deadline()
	if !has || !errors.Is(err, rpc.Timeout) || time.Until(deadline) > 0 {
		return err
	}
	return rpc.Errorf(rpc.Timeout, "plugin %q: %s: no answer within %s (--timeout)", r.plugin, r.message, r.timeout)
}

// notStarted is the error of a plugin that could not start, as the host has it.
func notStarted(ctx context.Context, h *host.Host, plugin string, err error) error {
	for _, f := range h.Failed() {
		if f.Plugin == plugin {
			err = fmt.Errorf("plugin %q could not start: %w", plugin, f.Err)
		}
	}
	return orInterrupted(ctx, exitUnavailable, err)
}

// use is the message as the plugin states it, or a method without types if it states nothing.
func (r *request) use(p *host.Plugin) (rpc.Use, error) {
	var names []string
	handles := p.Handles()
	if len(handles) == 0 { // not stated, and a worker of isolated-workers/1 never states it
		return rpc.Use{Name: r.message, Kind: rpc.KindMethod}, nil
	}
	if u, ok := find(handles, r.message); ok {
		return u, callable(u)
	}
	for _, u := range handles {
		names = append(names, u.Name)
	}
	text := fmt.Sprintf("plugin %q does not handle message %q", r.plugin, r.message)
	if near := nearest.Name(r.message, names); near != "" {
		return rpc.Use{}, exitf(exitUnavailable, "%s: did you mean %q?", text, near)
	}
	return rpc.Use{}, exitf(exitUnavailable, "%s: it handles %s", text, joined(names))
}

// callable refuses kinds of a later version.
func callable(u rpc.Use) error {
	switch u.Kind {
	case rpc.KindMethod, rpc.KindQuery, rpc.KindNotice, rpc.KindStream, rpc.KindUpload, rpc.KindDuplex:
		return nil
	}
	return exitf(exitUsage, "%s is a %s: call knows methods, queries, notices, streams, uploads and duplexes", u.Name, u.Kind)
}

func joined(names []string) string { return strings.Join(names, ", ") }

// payload turns JSON into a value of the types that the plugin states.
func (r *request) payload(use rpc.Use) (any, error) {
	data := r.json
	if data == nil {
		if needsPayload(use.Payload) {
			return nil, exitf(exitUsage, "%s takes %s: give it as JSON behind the message's name", r.message, use.Payload)
		}
		if data = []byte("null"); use.Payload != nil && use.Payload.Kind == shape.Struct {
			data = []byte("{}")
		}
	}
	v, err := use.Payload.FromJSON(data)
	if err != nil {
		return nil, exitf(exitUsage, "%s: %w", r.message, err)
	}
	return v, nil
}

// needsPayload reports whether nothing is not enough.
func needsPayload(s *shape.Shape) bool {
	if s == nil || s.Kind == shape.Any || s.Kind == shape.None || s.Nullable {
		return false
	}
	for _, f := range s.Fields {
		if !f.Optional {
			return true
		}
	}
	return s.Kind != shape.Struct
}

// printNothing is the answer to a notice.
func (a *app) printNothing() error {
	if a.json {
		return a.document(map[string]any{"result": nil})
	}
	return nil
}

// printAnswer prints a reply as JSON.
func (a *app) printAnswer(use rpc.Use, res any) error {
	out, err := use.Reply.ToJSON(res)
	if err != nil {
		return exitf(exitAnswer, "%s: the answer cannot be shown as JSON: %w", use.Name, err)
	}
	if a.json {
		return a.document(map[string]any{"result": out})
	}
	if a.outTerminal {
		var b bytes.Buffer
		if json.Indent(&b, out, "", "  ") == nil {
			out = b.Bytes()
		}
	}
	_, err = a.out.Write(append(tame(out), '\n'))
	return written(err)
}

// Waiting for the acknowledgement of a notice.
const (
	noticeWait = 30 * time.Second     // unless --timeout says otherwise
	noticeLook = 2 * time.Millisecond // how often the connection is asked
)

// notify sends a notice and waits until the plugin has handled it, or has ended.
func notify(ctx context.Context, p *host.Plugin, name string, payload any) error {
	if _, has := ctx.Deadline(); !has {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, noticeWait)
		defer cancel()
	}
	if err := (rpc.Notice[any](name)).Send(ctx, p, payload); err != nil {
		return err
	}
	look := time.NewTicker(noticeLook)
	defer look.Stop()
	for {
		if s := p.Status(); s.Notices == 0 {
			return ended(ctx, p)
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return rpc.Errorf(rpc.CodeOf(ctx.Err()), "%s was sent, and not handled in time: %w", name, context.Cause(ctx))
		}
	}
}

// ended is why a plugin does not serve any more; nil if it does, or ended in order.
func ended(ctx context.Context, p *host.Plugin) error {
	if s := p.Status(); s.State == host.Stopped || s.Connected {
		return nil
	}
	return p.Ready(ctx)
}

// failed is the error of a call, with the exit code for what happened and what to do about it.
func (r *request) failed(ctx context.Context, p *host.Plugin, message string, err error) error {
	e, ok := errors.AsType[*rpc.Error](err)
	if ctx.Err() != nil || !ok || !answered(p, e) {
		if ok && e.Origin == rpc.FromPlugin { // its own words, which may not say what they are about
			err = fmt.Errorf("%s: %s: %w", message, e.Code, err)
		}
		out := orInterrupted(ctx, exitUnavailable, err)
		if ok && e.Code == rpc.Unavailable {
			out.hint = lastWords(ctx, p)
		}
		return out
	}
	out := exitf(exitAnswer, "%s: %s: %w", message, e.Code, err)
	switch {
	case len(p.Handles()) == 0 && saysUnhandled(message, e):
		out.code = exitUnavailable
		out.hint = fmt.Sprintf("Plugin %q does not say which messages it handles, so none can be named here: compare %s with its documentation or its source.", p.Name(), message)
	case unimplemented(e) && !r.worker:
		out.hint = fmt.Sprintf("Plugin %q called something that this generic host does not answer. If another plugin of the folder does, name it with\n"+
			"--forward MESSAGE=PLUGIN, or KIND:MESSAGE=PLUGIN if it is a notice, stream, upload or duplex; else only the application that the plugin is made for can.", p.Name())
	}
	return out
}

// answered reports whether an error is what the plugin answered, rather than how the call came to grief. A reply that cannot be read is an
// answer too, of a plugin that is still there.
func answered(p *host.Plugin, e *rpc.Error) bool {
	if e.Code == rpc.Timeout || e.Code == rpc.Canceled {
		return false
	}
	return e.Origin == rpc.FromPlugin || p.Status().Connected
}

// saysUnhandled reports whether an error says that the message that was called is not handled. Stock workers of isolated-workers/1 say so in
// a sentence and without a code.
func saysUnhandled(message string, e *rpc.Error) bool {
	return e.Code == rpc.Unimplemented && e.NotStarted || e.Message == "Unknown message type: "+message
}

// unimplemented reports whether somewhere behind an error a message was not handled. It is not the one that was called: the plugin
// said that it handles that, or saysUnhandled knows better.
func unimplemented(e *rpc.Error) bool {
	for ; e != nil; e = e.Cause {
		if e.Code == rpc.Unimplemented {
			return true
		}
	}
	return false
}

// lastWordsLimit is for what ends a process: it is waited for, its output is read, and what is left of it removed.
const lastWordsLimit = 5 * time.Second

// lastWords is what a plugin wrote before it ended, once that is known.
func lastWords(ctx context.Context, p *host.Plugin) string {
	ctx, cancel := context.WithTimeout(ctx, lastWordsLimit)
	defer cancel()
	if report, ok := errors.AsType[*host.CrashReport](p.Ready(ctx)); ok {
		return report.Error()
	}
	return ""
}
