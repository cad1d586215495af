package socket

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// A Place says which host is meant: what decides which state folder it has decides where its socket is.
type Place struct {
	Name     string // the host's
	Dir      string // its first plugins folder
	StateDir string // its state folder; empty: the default
}

// folderPrefix begins the name of the folder of a user's control sockets. It is not that of runtime folders, which hosts sweep.
const folderPrefix = "hotplugctl-"

// longest is how many bytes a socket's path may have on every system.
const longest = 103

// paths are where the socket of a place may be, the best first. A host and who looks for it may have different environments.
func (p Place) paths() ([]string, error) {
	dir, err := filepath.Abs(p.Dir)
	if err != nil {
		return nil, fmt.Errorf("plugins folder %s: %w", p.Dir, err)
	}
	state := p.StateDir
	if state != "" {
		if state, err = filepath.Abs(state); err != nil {
			return nil, fmt.Errorf("state folder %s: %w", p.StateDir, err)
		}
	}
	sum := sha256.Sum256([]byte(p.Name + "\x00" + dir + "\x00" + state))
	var out []string
	for _, folder := range folders() {
		out = append(out, filepath.Join(folder, hex.EncodeToString(sum[:8])))
	}
	return out, nil
}

// folders are where control sockets of this user may be.
func folders() []string {
	user := strconv.Itoa(os.Geteuid())
	parents := []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir()}
	if parents[0] == "" {
		parents[0] = filepath.Join("/run/user", user)
	}
	var out []string
	for _, parent := range parents {
		if abs, err := filepath.Abs(parent); err == nil && !slices.Contains(out, filepath.Join(abs, folderPrefix+user)) {
			out = append(out, filepath.Join(abs, folderPrefix+user))
		}
	}
	return out
}

// ready makes the folder of a socket, if it is not there, and refuses one in which another user could replace what is in it.
func ready(path string) error {
	if len(path) > longest {
		return fmt.Errorf("control socket %s is %d bytes long, want at most %d: set XDG_RUNTIME_DIR to a shorter folder", path, len(path), longest)
	}
	folder := filepath.Dir(path)
	if err := checkParent(filepath.Dir(folder)); err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o700); err != nil && !os.IsExist(err) {
		return fmt.Errorf("folder for the control socket: %w", err)
	}
	return checkFolder(folder)
}
