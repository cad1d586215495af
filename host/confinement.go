package host

import (
	"fmt"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/go-hotplug/hotplug/internal/proc"
)

// A confinement is what a process is kept in. The zero value keeps it in nothing but a session of its own. It does not change once built.
type confinement struct {
	limits proc.Limits
	wrap   []string   // program and arguments to run it under; empty: none
	user   *proc.User // nil: the host's
}

func newConfinement(limits proc.Limits, wrap []string, name string) (confinement, error) {
	c := confinement{limits: limits, wrap: slices.Clone(wrap)}
	if len(wrap) > 0 {
		path, err := exec.LookPath(wrap[0])
		if err == nil {
			path, err = filepath.Abs(path)
		}
		if err != nil {
			return c, fmt.Errorf("what it is to run under (Wrap): %w: install it, or name it by its path", err)
		}
		c.wrap[0] = path
	}
	var err error
	if name != "" {
		c.user, err = lookUpUser(name)
	}
	return c, err
}

// lookUpUser finds a user by name or number, with all groups.
func lookUpUser(name string) (*proc.User, error) {
	found, err := user.Lookup(name)
	if err != nil {
		var numeric error
		if found, numeric = user.LookupId(name); numeric != nil {
			return nil, fmt.Errorf("who it is to run as (User): %w: name a user of this machine", err)
		}
	}
	u := &proc.User{Name: found.Username, Home: found.HomeDir}
	groups, err := found.GroupIds()
	for _, id := range append([]string{found.Uid, found.Gid}, groups...) {
		n, nerr := strconv.ParseUint(id, 10, 32)
		if nerr != nil { // not on this system: starting says so
			return u, nil
		}
		u.Groups = append(u.Groups, uint32(n))
	}
	u.UID, u.GID, u.Groups = u.Groups[0], u.Groups[1], u.Groups[2:]
	if err != nil {
		return nil, fmt.Errorf("groups of user %s: %w", u.Name, err)
	}
	return u, nil
}

// confine has a process start in it.
func (c confinement) confine(s *proc.Spec) {
	s.Limits, s.User = c.limits, c.user
	if len(c.wrap) > 0 {
		s.Args = slices.Concat(c.wrap[1:], []string{s.Path}, s.Args)
		s.Path, s.Source = c.wrap[0], ""
	}
}

// print tells it from others.
func (c confinement) print() string {
	who := ""
	if c.user != nil {
		who = fmt.Sprint(*c.user)
	}
	return fmt.Sprintf("%v %q %s", c.limits, c.wrap, who)
}

// environ is a whole environment: what the host gives, what the confinement changes of that, and what is set, which goes before both.
func (c confinement) environ(given, set []string) []string {
	env := slices.Clone(given)
	if c.user != nil {
		env = slices.DeleteFunc(env, func(kv string) bool { return strings.HasPrefix(kv, "SHELL=") })
		env = append(env, "USER="+c.user.Name, "LOGNAME="+c.user.Name, "HOME="+c.user.Home)
	}
	if c.limits.Memory > 0 && !slices.ContainsFunc(env, func(kv string) bool { return strings.HasPrefix(kv, goMemory) }) {
		env = append(env, goMemory+strconv.FormatInt(c.limits.Memory/10*9, 10))
	}
	return append(env, set...)
}

// goMemory is the soft limit of Go's runtime: the collector works harder before the system's limit is met.
const goMemory = "GOMEMLIMIT="
