package plugin

import (
	"fmt"
	"os"
)

// takeDescriptor fails: no descriptor is inherited on Windows, the start-up data says to listen on a path.
func takeDescriptor(fd int, name string) (*os.File, error) {
	return nil, fmt.Errorf("%s: descriptor %d: descriptors are not inherited on Windows", name, fd)
}

func takeLifeline(fd int) (*os.File, error) { return takeDescriptor(fd, "lifeline") }

func listenAgain(*os.File) error { return nil }

// killGroup ends this process; the host's job object ends its children.
func killGroup() { os.Exit(ExitSoftware) }
