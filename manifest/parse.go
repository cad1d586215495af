package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"

	"github.com/go-hotplug/hotplug/internal/nearest"
	"github.com/go-hotplug/hotplug/internal/regular"
)

// MaxSize is the longest manifest that is read, in bytes.
const MaxSize = 1 << 20

// Parse reads a manifest; file is the name that problems and warnings bear. The error is an *Error with every problem,
// and then the manifest is nil.
func Parse(data []byte, file string) (*Manifest, Warnings, error) {
	d := &decoder{data: data}
	m := Default()
	if len(data) > MaxSize {
		d.problem(0, "", fmt.Sprintf("%d bytes", len(data)), fmt.Sprintf("at most %d", MaxSize))
	} else {
		d.manifest(m)
	}
	if err := d.err(file, m.Name); err != nil {
		return nil, nil, err
	}
	return m, d.warned(file), nil
}

// Load reads the manifest at path, as Read and Parse do. The error is an *Error about the content, or that of Read.
func Load(path string) (*Manifest, Warnings, error) {
	data, err := Read(path)
	if err != nil {
		return nil, nil, err
	}
	return Parse(data, path)
}

// Read returns the bytes of the manifest at path, which must be a regular file of at most MaxSize bytes; anything else is
// refused before it is read. The error names the path.
func Read(path string) ([]byte, error) {
	data, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("read manifest %s: %w", path, err)
	}
	return data, nil
}

func read(path string) ([]byte, error) {
	data, err := regular.Read(path, MaxSize)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("this user may not read it, so change its mode or owner: %w", plain(err))
	}
	return data, plain(err)
}

// plain is the cause without the path that the caller names already.
func plain(err error) error {
	if pe, ok := err.(*os.PathError); ok {
		return pe.Err
	}
	return err
}

// manifest fills m, which holds the defaults.
func (d *decoder) manifest(m *Manifest) {
	root, f := parseTree(d.data)
	if f != nil {
		d.problems = append(d.problems, *f)
		return
	}
	d.object(root, "", reflect.ValueOf(m).Elem())
	d.missing(root)
	d.together(root, m)
}

// missing reports the keys that must be there and are not, at the opening brace.
func (d *decoder) missing(root *node) {
	t := reflect.TypeFor[Manifest]()
	for _, key := range required {
		if root.member(key) == nil {
			f, _ := fieldOf(t, key)
			d.problem(root.start, key, "no such key", wantOf(f.Type, f.Tag))
		}
	}
}

// together checks what only two values together can get wrong.
func (d *decoder) together(root *node, m *Manifest) {
	if requires := root.member("requires"); requires != nil {
		d.requiresItself(requires, m)
	}
	d.serializer(root, m)
	d.configSchema(root, m)
	d.callsOfWorker(root, m)
	if m.Protocol == ProtocolIsolatedWorkers1 && m.Serializer != workerSerializer {
		d.problem(root.at("serializer"), "serializer", quote(m.Serializer), quote(workerSerializer)+", the only one of protocol "+quote(string(m.Protocol)))
	}
	if m.Restart.Backoff > m.Restart.MaxBackoff {
		d.problem(root.at("restart"), "restart.backoff", m.Restart.Backoff.String(),
			"at most restart.maxBackoff, which is "+m.Restart.MaxBackoff.String())
	}
}

// ownSerializers are those that every host and plugin has.
var ownSerializers = []string{"JsonSerializer", "MessagePackSerializer"}

// serializer gives a worker's manifest the only serializer that its protocol has, and warns of a name that looks misspelt: whether it is
// registered is known by the host alone.
func (d *decoder) serializer(root *node, m *Manifest) {
	n := root.member("serializer")
	if n == nil && m.Protocol == ProtocolIsolatedWorkers1 {
		m.Serializer = workerSerializer
	}
	if n == nil || slices.Contains(ownSerializers, m.Serializer) {
		return
	}
	for _, own := range ownSerializers {
		if nearest.Slip(m.Serializer, own) {
			d.warnings = append(d.warnings, finding{offset: n.start, key: "serializer",
				found: quote(m.Serializer) + " is a name that the host has to register: did you mean " + quote(own) + "?"})
		}
	}
}

// callsOfWorker warns of permissions that nothing can use.
func (d *decoder) callsOfWorker(root *node, m *Manifest) {
	if m.Protocol == ProtocolIsolatedWorkers1 && len(m.Permissions.Calls) > 0 {
		d.warnings = append(d.warnings, finding{offset: root.member("permissions").at("calls"), key: "permissions.calls",
			found: "has no effect: a plugin of protocol " + quote(string(m.Protocol)) + " calls nobody"})
	}
}

func (d *decoder) requiresItself(requires *node, m *Manifest) {
	for _, r := range m.Requires {
		if r.Name == m.Name {
			d.problem(requires.start, "requires."+r.Name, "the plugin itself", "the name of another plugin")
		}
	}
}

// member is the value of a key, nil if there is none.
func (n *node) member(key string) *node {
	for _, m := range n.members {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// at is where the value of a key starts, or the object if there is none.
func (n *node) at(key string) int {
	if v := n.member(key); v != nil {
		return v.start
	}
	return n.start
}
