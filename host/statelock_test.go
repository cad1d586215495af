package host_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/go-hotplug/hotplug/host"
)

func TestASecondHostOnOneStateFolderIsRefusedUntilTheFirstIsClosed(t *testing.T) {
	w := newWorld(t)
	first, err := host.Open(w.ctx(), w.config)
	if err != nil {
		t.Fatal(err)
	}
	_, err = host.Open(w.ctx(), w.config)
	contains(t, err, fmt.Sprintf("open host kit: state folder %s is in use by another host, process %d: close that one, or give this one a folder of its own (host.Config.StateDir)", w.config.StateDir, os.Getpid()))
	if inUse, ok := errors.AsType[*host.StateInUseError](err); !ok || inUse.Dir != w.config.StateDir || inUse.PID != os.Getpid() {
		t.Errorf("got %#v", inUse)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	w.open()
}
