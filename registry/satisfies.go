package registry

import (
	"github.com/Masterminds/semver/v3"

	"github.com/go-hotplug/hotplug/manifest"
)

// Satisfies reports whether a version satisfies a semver constraint. The empty constraint is satisfied by everything,
// also by nil; no other one is satisfied by nil. The error is about the constraint's text.
func Satisfies(v *semver.Version, constraint string) (bool, error) {
	c, err := manifest.ParseConstraint(constraint)
	if err != nil {
		return false, err
	}
	return c.IsZero() || v != nil && c.Allows(v), nil
}
