package host

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/go-hotplug/hotplug/manifest"
	"github.com/go-hotplug/hotplug/registry"
	"github.com/go-hotplug/hotplug/rpc"
)

// Config says what to host. Dir is required; the zero value of every other field works.
type Config struct {
	// Name and Version are the application's: plugins see them, and a manifest's "host" constraint is held against Version, a semantic
	// version. Without a Version the constraint is not checked.
	Name, Version string

	Dir  string   // the plugins folder
	Path []string // more plugins folders; of equal versions, an earlier folder's wins

	Watch        bool                  // keep what runs as the plugins folders say: start what is added, reload what is changed, stop what is removed
	WatchOptions registry.WatchOptions // how; the zero value works. Its Logger is not used

	// Locked has the host run only what the lock file has, by name, manifest and files, as `hotplug lock` wrote it: anything else is refused, at start
	// and at reload, and what runs goes on. The file is read each time; one that is not there, is torn, or has an unknown version is Open's error.
	Locked   bool
	LockFile string // where the lock file is; default: plugins.lock in the first plugins folder. Without Locked it has no effect

	Uses     []rpc.Use     // messages that the host calls: where a plugin handles one, its types are compared in the handshake
	Handlers []rpc.Handler // messages that the host answers, for every plugin that may call them: see Grant

	// Grant is what every plugin may call on this host, if its manifest asks for it, too (permissions.calls). Settings.Grant adds to it for one plugin.
	// Each is the name of a message, a beginning such as "app.*", or GrantAll. None: nothing.
	Grant []string

	Middleware []rpc.Middleware // sees every message between this host and its plugins, before those of Settings
	TxID       rpc.TxID         // names the calls of this host; nil: they are numbered

	Plugins  map[string]Settings // by plugin name
	Timeouts Timeouts            // for every plugin; what is set here goes before the manifest
	Limits   Limits              // the most that every plugin's manifest may ask for

	// StateDir holds the store of what is run, and what belongs to plugins that outlive this host. One host at a time may use it. Default: a folder of
	// the user's cache, by host name and plugins folder.
	StateDir string
	// RuntimeDir is where the folder with the sockets is made. Default: XDG_RUNTIME_DIR, else the temporary folder. It must belong to
	// this user or root; if others may write to it, it must be sticky.
	RuntimeDir string

	Env          []string     // names of variables that every plugin gets from this process, besides PATH, HOME, LANG and the like
	Logger       hclog.Logger // default: hclog.Default()
	Hooks        Hooks
	Reconnect    Reconnect // how to dial a plugin that cannot inherit its socket
	NoRestart    bool      // what crashed stays down, whatever its manifest says: for programs that make one call and end
	AllowOutside bool      // let entries lie outside of their folder by a symbolic link, for development
}

// Settings are the host's own for one plugin. They go before the manifest.
type Settings struct {
	Disabled   bool
	Pin        string // a version, or a semver constraint
	Serializer string // class name; the plugin must use the same
	Timeouts   Timeouts
	Limits     Limits // the most that its manifest may ask for, beside those of Config
	Middleware []rpc.Middleware
	Grant      []string             // what it may call on this host besides Config.Grant, if its manifest asks for it, too
	Disconnect *manifest.Disconnect // what the plugin does when its host is gone, and whether it can be disconnected; nil: as its manifest says
	Wrap       []string             // what to run the plugin under, such as bwrap with its arguments: see Launch.Wrap
	User       string               // who the plugin runs as, a name or number: see Launch.User
	Config     json.RawMessage      // what its Configure hook gets: a JSON object, whose members go before those of the manifest's config.default; what does not fit its config.schema is not launched
}

// Timeouts of a plugin. Zero means: not set here.
type Timeouts struct {
	Start       time.Duration // launch, handshake and Start hook; 30 s
	Call        time.Duration // calls whose context has no deadline; 30 s
	Drain       time.Duration // how long calls in flight may take when the plugin is stopped; their latest deadline, at most 5 min
	Stop        time.Duration // Stop hook and exit, before SIGTERM; 5 s
	HostConnect time.Duration // how long a plugin waits for its host; 30 s
}

// over returns t with what it leaves unset taken from next.
func (t Timeouts) over(next Timeouts) Timeouts {
	return Timeouts{
		Start: first(t.Start, next.Start), Call: first(t.Call, next.Call), Drain: first(t.Drain, next.Drain),
		Stop: first(t.Stop, next.Stop), HostConnect: first(t.HostConnect, next.HostConnect),
	}
}

// NoTimeoutsEnv, set to 1 in the host's environment, lifts the start and call time-outs of all plugins: for a debugger that stops
// one of them.
const NoTimeoutsEnv = "HOTPLUG_NO_TIMEOUTS"

// noLimit is longer than anybody waits.
const noLimit = 1000 * time.Hour

func liftsTimeouts() bool { return os.Getenv(NoTimeoutsEnv) == "1" }

// lifted is t without what NoTimeoutsEnv lifts.
func (t Timeouts) lifted() Timeouts {
	if liftsTimeouts() {
		t.Start, t.Call, t.HostConnect = noLimit, noLimit, noLimit
	}
	return t
}

func first(a, b time.Duration) time.Duration {
	if a != 0 {
		return a
	}
	return b
}

var defaultTimeouts = Timeouts{Start: 30 * time.Second, Call: 30 * time.Second, Stop: 5 * time.Second, HostConnect: 30 * time.Second}

// setDefaults fills in what has nothing to do with folders.
func (c *Config) setDefaults() {
	if c.Name == "" {
		c.Name = filepath.Base(os.Args[0])
	}
	if c.Logger == nil {
		c.Logger = hclog.Default()
	}
}

// setFolders checks the search path and chooses a state folder.
func (c *Config) setFolders() error {
	if c.Dir == "" && len(c.Path) == 0 {
		return errors.New("host.Config: Dir is empty: name the plugins folder")
	}
	if c.StateDir != "" {
		return nil
	}
	dir, err := defaultStateDir(c.Name, c.searchPath()[0])
	c.StateDir = dir
	return err
}

func (c *Config) searchPath() []string {
	if c.Dir == "" {
		return c.Path
	}
	return append([]string{c.Dir}, c.Path...)
}

// defaultStateDir is a folder of the user's cache, one for each host name and plugins folder.
func defaultStateDir(name, dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("plugins folder %s: %w", dir, err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no folder for the host's state: %w: set host.Config.StateDir", err)
	}
	sum := sha256.Sum256([]byte(name + "\x00" + abs))
	return filepath.Join(cache, "hotplug", safeName(name)+"-"+hex.EncodeToString(sum[:6])), nil
}

// safeName keeps what every file system takes.
func safeName(s string) string {
	out := []rune(s)
	for i, r := range out {
		if !(r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			out[i] = '_'
		}
	}
	return string(out[:min(len(out), 40)])
}
