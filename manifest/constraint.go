package manifest

import (
	"fmt"

	"github.com/Masterminds/semver/v3"
)

// maxConstraint is the longest text of a constraint, in bytes.
const maxConstraint = 256

// Constraint is a semver constraint such as ">=1.2 <3" or "^2.0". The zero Constraint allows every version.
// A pre-release such as 2.1.0-rc.1 is allowed only by a constraint that names a pre-release itself.
type Constraint struct {
	text   string
	parsed *semver.Constraints
}

// ParseConstraint reads a constraint; the empty text allows every version.
func ParseConstraint(text string) (Constraint, error) {
	if text == "" {
		return Constraint{}, nil
	}
	if len(text) > maxConstraint {
		return Constraint{}, fmt.Errorf("constraint of %d bytes: want at most %d", len(text), maxConstraint)
	}
	parsed, err := semver.NewConstraint(text)
	if err != nil {
		return Constraint{}, fmt.Errorf("constraint %s: want a semver constraint such as ^2.0 or >=1.2 <3", quote(text))
	}
	return Constraint{text: text, parsed: parsed}, nil
}

// Allows reports whether v satisfies the constraint.
func (c Constraint) Allows(v *semver.Version) bool {
	return c.parsed == nil || c.parsed.Check(v)
}

// AllowsText is Allows for a version as it is written. Text that is no version is allowed.
func (c Constraint) AllowsText(version string) bool {
	v, err := semver.NewVersion(version)
	return err != nil || c.Allows(v)
}

// IsZero reports whether the constraint allows everything because nothing was asked for.
func (c Constraint) IsZero() bool { return c.text == "" }

// String is the text as it was written; "*" if it was empty.
func (c Constraint) String() string {
	if c.text == "" {
		return "*"
	}
	return c.text
}

// MarshalText writes String.
func (c Constraint) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
