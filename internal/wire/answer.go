package wire

import (
	"errors"
	"fmt"
	"strconv"
)

// CheckAnswer says why a host that started a plugin with s and sent a hello cannot use the plugin that answered it: a *Refusal.
func CheckAnswer(s *Startup, sent *HostHello, got *PluginHello) error {
	if err := judge(s, sent, got); err != nil {
		return &Refusal{Code: "Protocol", Message: err.Error()}
	}
	return nil
}

func judge(s *Startup, sent *HostHello, got *PluginHello) error {
	if !SameSecret(got.Answer, s.Answer) {
		return errors.New("wrong secret: what answers on the socket is not the process that was started")
	}
	if got.Hotplug != Version {
		return fmt.Errorf("the plugin picked protocol %d, this host offered %v: rebuild the plugin", got.Hotplug, s.Hotplug)
	}
	if got.Serializer != s.Serializer {
		return SerializerMismatch(s.Serializer, got.Serializer)
	}
	if err := s.Plugin.check(got.Plugin); err != nil {
		return err
	}
	if err := CheckUses(sent.Uses, got.Handles, false); err != nil {
		return fmt.Errorf("plugin %s: %w", s.Plugin.Title(), err)
	}
	if err := CheckUses(got.Uses, sent.Handles, true); err != nil {
		return fmt.Errorf("plugin %s calls its host: %w (here is the plugin, there the host)", s.Plugin.Title(), err)
	}
	return nil
}

// check compares who the plugin says it is with its manifest. A plugin need not say, and a worker has no manifest.
func (id Identity) check(said *PluginInfo) error {
	if said == nil || id.Version == "" {
		return nil
	}
	if said.Name != id.Name || said.Version != id.Version {
		return fmt.Errorf("the binary is %s %s, its plugin.json says %s %s: install the manifest and the binary of one version",
			said.Name, said.Version, id.Name, id.Version)
	}
	return nil
}

// Title is name and version, as texts say them; a worker without a manifest has no version.
func (id Identity) Title() string {
	if id.Version == "" {
		return strconv.Quote(id.Name)
	}
	return strconv.Quote(id.Name) + " " + id.Version
}
