package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-hotplug/hotplug/internal/peercred"
	"github.com/go-hotplug/hotplug/rpc"
)

// ErrNoHost is an error of Dial: no host of this place runs, as far as sockets tell.
var ErrNoHost = errors.New("no host")

// noHost is an ErrNoHost that says where was looked.
type noHost struct{ paths []string }

func (e *noHost) Error() string { return "nothing answers at " + strings.Join(e.paths, " or ") }

func (e *noHost) Is(target error) bool { return target == ErrNoHost }

// Dial connects to the host of a place. The caller closes the connection.
func Dial(ctx context.Context, p Place) (*rpc.Conn, error) {
	paths, err := p.paths()
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		conn, err := DialPath(ctx, path)
		if !errors.Is(err, ErrNoHost) {
			return conn, err
		}
	}
	return nil, &noHost{paths}
}

// DialPath is Dial for a socket that is known.
func DialPath(ctx context.Context, path string) (*rpc.Conn, error) {
	var d net.Dialer
	stream, err := d.DialContext(ctx, "unix", path)
	switch {
	case err != nil && isNobody(err):
		return nil, &noHost{[]string{path}}
	case err != nil:
		return nil, fmt.Errorf("control socket: %w", err)
	}
	if err := checkPeer(stream, true); err != nil {
		stream.Close()
		return nil, fmt.Errorf("control socket %s: %w", path, err)
	}
	conn, err := Greet(ctx, stream)
	if err != nil {
		return nil, fmt.Errorf("control socket %s: %w", path, err)
	}
	return conn, nil
}

// Running are the control sockets of this user that are there. Some may be of hosts that were killed.
func Running() []string {
	var out []string
	for _, folder := range folders() {
		entries, _ := os.ReadDir(folder)
		for _, e := range entries {
			if e.Type() == os.ModeSocket {
				out = append(out, filepath.Join(folder, e.Name()))
			}
		}
	}
	slices.Sort(out)
	return out
}

// checkPeer refuses a connection whose other end belongs neither to this user nor to root. Root may dial the socket of anybody. Where the
// system does not tell, nothing is refused: the folder's mode sees to it.
func checkPeer(stream net.Conn, dialled bool) error {
	conn, ok := stream.(*net.UnixConn)
	if !ok {
		return nil // in memory
	}
	uid, pid, known, err := peercred.Of(conn)
	if err != nil {
		return err
	}
	own := os.Geteuid()
	if !known || uid == own || uid == 0 || dialled && own == 0 {
		return nil
	}
	return fmt.Errorf("refused process %d of user %d: a control socket is for its owner, user %d, and root", pid, uid, own)
}
