package peercred_test

import (
	"fmt"
	"net"
	"os"

	"github.com/go-hotplug/hotplug/internal/peercred"
)

func Example() {
	check := func(conn *net.UnixConn) error {
		uid, pid, ok, err := peercred.Of(conn)
		switch {
		case err != nil:
			return err
		case ok && uid != 0 && uid != os.Getuid():
			return fmt.Errorf("refused a connection from user %d (process %d)", uid, pid)
		}
		return nil
	}
	_ = check
}
