package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/rpc"
)

// handshakeVersion is the version of the protocol that a program has spoken if the handshake succeeded: there is one.
const handshakeVersion = 1

// greet launches a program, has it say in the handshake what it handles, and ends it. The manifest may be nil. What it calls on its
// host, and who it is, a host learns and does not tell.
func greet(ctx context.Context, binary string, m *manifest.Manifest) (*description, error) {
	l, err := launchOf(binary, m)
	if err != nil {
		return nil, exitf(exitHost, "describe: %w", err)
	}
	p, err := host.Start(ctx, l)
	if p != nil {
		defer p.Close()
	}
	if ctx.Err() != nil {
		return nil, orInterrupted(ctx, exitPlugin, fmt.Errorf("describe %s: %w", binary, context.Cause(ctx)))
	}
	if err != nil {
		return nil, exitf(exitPlugin, "%s is not a hotplug plugin, or is broken: %w", binary, err)
	}
	d := &description{Hotplug: []int{handshakeVersion}, Handles: []described{}}
	for _, u := range p.Handles() {
		d.Handles = append(d.Handles, describedUse(u))
	}
	return d, nil
}

func describedUse(u rpc.Use) described {
	m := described{Name: u.Name, Kind: u.Kind, Payload: u.Payload, Reply: u.Reply}
	m.complete()
	return m
}

// launchOf is how a host would launch a program, but for its copy.
func launchOf(binary string, m *manifest.Manifest) (host.Launch, error) {
	path, err := filepath.Abs(binary)
	if err != nil {
		return host.Launch{}, err
	}
	l := host.Launch{Path: path, Dir: filepath.Dir(path)}
	l.Host.Name, l.Host.Logger = "hotplug", hclog.NewNullLogger()
	l.Host.Timeouts = host.Timeouts{Start: describeTime, Stop: time.Second}
	if m == nil {
		return l, nil
	}
	l.Name, l.Args, l.Serializer = m.Name, m.Args, m.Serializer
	for _, name := range m.Env.Allow {
		if v, ok := os.LookupEnv(name); ok {
			l.Env = append(l.Env, name+"="+v)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Env.Set)) {
		l.Env = append(l.Env, name+"="+m.Env.Set[name])
	}
	return l, nil
}
