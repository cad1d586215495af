package shape

import (
	"fmt"
	"strings"

	"github.com/go-hotplug/hotplug/internal/nearest"
)

// suggest is the end of the error for a name that is not among those known.
func suggest(name string, known []string) string {
	if len(name) > MaxName {
		name = name[:MaxName]
	}
	if near := nearest.Name(name, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(known) == 0 {
		return "there are no fields here"
	}
	return "the fields are " + clip(strings.Join(known, ", "))
}
