package codec

import (
	"fmt"
	"sort"
	"strings"
	"sync"
)

// A Serializer turns Go values into bytes and back. Both ends of a connection must use serializers of
// the same Name; the handshake refuses anything else.
//
// A Serializer is used by many goroutines at once and must keep no state between calls.
type Serializer interface {
	// Name is the class name: what manifests, start-up data and the handshake carry.
	Name() string

	// Terminator is the byte sequence that ends a frame on the wire, or nil if frames carry a length
	// prefix instead. Output of Marshal that contains the terminator is refused at the sender; a
	// binary serializer has none, because any byte can occur in its output.
	Terminator() []byte

	// Marshal returns the encoding of v in a slice that the caller owns.
	Marshal(v any) ([]byte, error)

	// Unmarshal decodes data into v, a non-nil pointer. It keeps no reference to data, allocates no
	// more than a small multiple of len(data), and returns an error for a number that does not fit
	// the field it is meant for.
	Unmarshal(data []byte, v any) error
}

// An Appender is a Serializer that can encode behind bytes that are already there, without an
// intermediate copy. On an error dst is returned with its original length.
type Appender interface {
	Append(dst []byte, v any) ([]byte, error)
}

// Append encodes v behind dst, in place if s is an Appender. On an error dst is returned with its
// original length.
func Append(s Serializer, dst []byte, v any) ([]byte, error) {
	if a, ok := s.(Appender); ok {
		return a.Append(dst, v)
	}
	b, err := s.Marshal(v)
	if err != nil {
		return dst, err
	}
	return append(dst, b...), nil
}

// Default is the class name of the serializer that is used where none is named.
const Default = "MessagePackSerializer"

var (
	mu         sync.RWMutex // guards registered
	registered = map[string]Serializer{
		"MessagePackSerializer": MessagePackSerializer{},
		"JsonSerializer":        JsonSerializer{},
	}
)

// Register makes s available under its class name, to manifests and to configuration. It panics if the
// name is empty or taken: two serializers of one name are a bug in the program. Call it from an init
// function or from main, before a host is opened or a plugin is served.
func Register(s Serializer) {
	name := s.Name()
	mu.Lock()
	defer mu.Unlock()
	if name == "" {
		panic("codec: Register of a serializer without a name")
	}
	if _, taken := registered[name]; taken {
		panic(fmt.Sprintf("codec: serializer %q is registered twice", name))
	}
	registered[name] = s
}

// Lookup returns the serializer of this class name. The empty name means [Default]. The error of an
// unknown name lists those that are registered.
func Lookup(name string) (Serializer, error) {
	if name == "" {
		name = Default
	}
	mu.RLock()
	s, ok := registered[name]
	mu.RUnlock()
	if !ok {
		return nil, fmt.Errorf("serializer %q is not registered (known: %s): correct the name, or make it known with codec.Register",
			name, strings.Join(Names(), ", "))
	}
	return s, nil
}

// Names returns the class names of all registered serializers, sorted.
func Names() []string {
	mu.RLock()
	defer mu.RUnlock()
	names := make([]string, 0, len(registered))
	for n := range registered {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}
