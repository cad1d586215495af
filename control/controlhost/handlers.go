package controlhost

import (
	"context"
	"path/filepath"

	"github.com/go-hotplug/hotplug/control"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// handlers answer for a host.
func (s *Server) handlers() []rpc.Handler {
	all := []rpc.Handler{
		control.Status.Handle(s.status),
		control.Reload.Handle(s.reload),
		control.Enable.Handle(s.enable),
		control.Disable.Handle(s.disable),
	}
	if s.record != nil {
		all = append(all, control.Logs.Handle(s.logs), control.Events.Handle(s.events))
	}
	return all
}

func (s *Server) status(context.Context, control.StatusRequest) (control.Report, error) {
	out := control.Report{Host: s.about, Plugins: []control.Plugin{}}
	out.Host.Folders = []string{}
	for _, f := range s.host.Registry().Folders {
		path := f.Path
		if abs, err := filepath.Abs(path); err == nil {
			path = abs
		}
		out.Host.Folders = append(out.Host.Folders, path)
	}
	for _, p := range s.host.Plugins() {
		out.Plugins = append(out.Plugins, snapshot(p))
	}
	return out, nil
}

func (s *Server) reload(ctx context.Context, t control.Target) (control.Plugin, error) {
	return s.act(ctx, t, (*host.Plugin).Reload)
}

func (s *Server) enable(ctx context.Context, t control.Target) (control.Plugin, error) {
	return s.act(ctx, t, (*host.Plugin).Enable)
}

func (s *Server) disable(ctx context.Context, t control.Target) (control.Plugin, error) {
	return s.act(ctx, t, (*host.Plugin).Disable)
}

// act does something with a plugin and says how it is then.
func (s *Server) act(ctx context.Context, t control.Target, do func(*host.Plugin, context.Context) error) (control.Plugin, error) {
	if !s.installed(t.Plugin) {
		return control.Plugin{}, s.unknown(t.Plugin)
	}
	p := s.host.Plugin(t.Plugin)
	if err := do(p, ctx); err != nil {
		return control.Plugin{}, err
	}
	return snapshot(p), nil
}

func (s *Server) installed(name string) bool {
	for _, p := range s.host.Plugins() {
		if p.Name() == name {
			return true
		}
	}
	return false
}

// unknown is the error of a name that nothing has: it names the nearest.
func (s *Server) unknown(name string) error {
	return rpc.Errorf(rpc.NotFound, "%s", s.host.Plugin(name).Status().Reason)
}

func (s *Server) logs(ctx context.Context, req control.LogsRequest, send func(control.Line) error) error {
	if req.Plugin != "" && !s.record.lines.has(req.Plugin) && !s.installed(req.Plugin) {
		return s.unknown(req.Plugin)
	}
	for line, missed := range s.record.lines.read(ctx, req.Plugin, req.Last, req.Follow) {
		line.Missed = missed
		if err := send(line); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) events(ctx context.Context, req control.EventsRequest, send func(control.Event) error) error {
	for event, missed := range s.record.events.read(ctx, "", req.Last, req.Follow) {
		event.Missed = missed
		if err := send(event); err != nil {
			return err
		}
	}
	return nil
}

func snapshot(p *host.Plugin) control.Plugin {
	s := p.Status()
	return control.Plugin{
		Name: s.Name, Version: s.Version, State: string(s.State), Reason: s.Reason, Error: s.Error, Since: s.Since, Generation: s.Generation, PID: s.PID,
		Pending: s.Pending, Oldest: s.Oldest, Serving: s.Serving, Streams: s.Streams, Notices: s.Notices, Left: s.Left, Denied: s.Denied, DroppedReplies: s.DroppedReplies, Description: s.Description, Dir: s.Dir, Hash: s.Hash,
		Warnings: s.Warnings, Memory: s.Memory, CPU: s.CPU, Descriptors: s.Descriptors,
	}
}
