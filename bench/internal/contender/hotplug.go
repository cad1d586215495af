package contender

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/bench/internal/place"
	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/serializers/cbor"
)

// A hotplugged is a plugin of a host of its own, with a plugins folder, as in an application.
type hotplugged struct {
	host   *host.Host
	plugin *host.Plugin
	dir    string
}

// A setting is what of a contender is not the default.
type setting struct {
	serializer string
	middleware int // how many that do nothing
	hooks      bool
}

const msgpack = "MessagePackSerializer"

var settings = map[string]setting{
	Hotplug:      {serializer: msgpack},
	HotplugJSON:  {serializer: "JsonSerializer"},
	HotplugCBOR:  {serializer: "CborSerializer"},
	HotplugOne:   {serializer: msgpack, middleware: 1},
	HotplugThree: {serializer: msgpack, middleware: 3},
	HotplugHooks: {serializer: msgpack, hooks: true},
	HotplugLent:  {serializer: msgpack},
}

func init() { codec.Register(cbor.Serializer{}) }

const pluginName = "bench"

// streams is how many a plugin may have open; the default is too few for those that do nothing.
const streams = 10_240

func openHotplug(name string) func(context.Context) (Contender, error) {
	return func(ctx context.Context) (Contender, error) {
		dir, err := os.MkdirTemp("", "bench")
		if err != nil {
			return nil, err
		}
		h, err := openHost(ctx, dir, name)
		if err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
		return h, nil
	}
}

func openHost(ctx context.Context, dir, name string) (*hotplugged, error) {
	s := settings[name]
	if err := install(filepath.Join(dir, "plugins", pluginName), name); err != nil {
		return nil, err
	}
	c := host.Config{
		Name: "bench", Dir: filepath.Join(dir, "plugins"), StateDir: filepath.Join(dir, "state"), RuntimeDir: dir, Logger: hclog.NewNullLogger(),
		Handlers: []rpc.Handler{answer.Handle(echoed)}, Grant: []string{string(answer)},
		Uses: []rpc.Use{echo.Use(), placing.Use(), tell.Use(), down.Use(), up.Use(), driveBack.Use(), hold.Use()},
	}
	for range s.middleware {
		c.Middleware = append(c.Middleware, func(context.Context, *rpc.Message, rpc.Direction) (*rpc.Message, error) { return nil, nil })
	}
	if s.hooks {
		var seen atomic.Int64
		c.Hooks.Message = func(host.Message) { seen.Add(1) }
	}
	h, err := host.Open(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, f := range h.Failed() {
		return nil, errors.Join(f.Err, h.Close())
	}
	return &hotplugged{host: h, plugin: h.Plugin(pluginName), dir: dir}, nil
}

// install puts a plugin's folder into place: this program, and a manifest.
func install(dir, name string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := copySelf(filepath.Join(dir, pluginName)); err != nil {
		return err
	}
	text, err := json.Marshal(map[string]any{
		"manifest": 1, "name": pluginName, "version": "1.0.0", "entry": pluginName, "args": []string{ServeCommand, name},
		"serializer": settings[name].serializer, "limits": map[string]any{"streams": streams},
		"env": map[string]any{"allow": []string{place.CoreEnv}}, "permissions": map[string]any{"calls": []string{string(answer)}},
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "plugin.json"), text, 0o644)
}

func copySelf(to string) error {
	path, err := own()
	if err != nil {
		return err
	}
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, from)
	return errors.Join(err, out.Close())
}

func (h *hotplugged) PID() int { return h.plugin.Status().PID }

func (h *hotplugged) Close() error { return errors.Join(h.host.Close(), os.RemoveAll(h.dir)) }
