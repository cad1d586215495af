package proc

import (
	"errors"
	"os"
	"strings"
)

// Inherits says whether a process can inherit descriptors: the listening socket and the lifeline.
const Inherits = false

// startupEnvValue is the line itself: there is no lifeline to read it from.
func startupEnvValue(line []byte) string { return strings.TrimSuffix(string(line), "\n") }

func (pl *plumbing) addInherited(spec Spec) error {
	if spec.Listener != nil {
		return errors.New("a process on Windows cannot inherit a listening socket: " +
			"leave Spec.Listener nil and let the plugin listen on its socket path")
	}
	return nil
}

// HideDescriptors does nothing here: a process inherits no handle that it is not given.
func HideDescriptors(Logger) {}

// armLifeline does nothing here: the job object of the group does the same work.
func armLifeline(*os.File, int) error { return nil }
