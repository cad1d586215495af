package host

import (
	"fmt"

	"github.com/go-hotplug/hotplug/manifest"
)

// checkConfig says what of the configuration the manifest's config.schema does not allow: what its Configure hook would get is refused before a
// process is started for it.
func (s *spec) checkConfig(m *manifest.Manifest, own Settings) error {
	err := m.Config.Check(s.config)
	if err == nil {
		return nil
	}
	remedy := fmt.Sprintf("give what is missing with host.Config.Plugins[%q].Config, or correct config.default", s.name)
	if own.Config != nil {
		remedy = fmt.Sprintf("correct host.Config.Plugins[%q].Config, whose members go before those of config.default", s.name)
	}
	return fmt.Errorf("the configuration of plugin %s does not fit its config.schema: %w: %s", s.title(), err, remedy)
}
