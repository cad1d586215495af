package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemaURL stands for the schema in what the library says. Nothing can be loaded from there.
const schemaURL = "plugin:///config.schema"

// Check says what of a configuration the schema does not allow, each with its JSON Pointer, what was expected and what was found; nil: all of it
// fits, or there is no schema. A nil configuration is an empty object. Formats are checked, and those that nobody knows are not. Nothing is read
// from anywhere else. How long it takes is for the schema to say: it has no limit.
func (c Config) Check(config json.RawMessage) error {
	if c.Schema == nil {
		return nil
	}
	schema, err := compile(c.Schema)
	if err != nil {
		return fmt.Errorf("config.schema: %w", err) // of a manifest that nobody has parsed
	}
	if config == nil {
		config = json.RawMessage("{}")
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(config))
	if err != nil {
		return fmt.Errorf("it is no JSON: %w", err)
	}
	err = contained(func() error { return schema.Validate(value) })
	if bad, ok := errors.AsType[*jsonschema.ValidationError](err); ok {
		return misfitsOf(bad, value)
	}
	return err
}

// contained runs what bytes from outside steer. A panic, which none is known to cause, would end the host.
func contained(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the library for JSON Schema panicked: %v", p)
		}
	}()
	return do()
}

// compile makes a schema ready, from its own bytes alone.
func compile(text json.RawMessage) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.UseLoader(noLoader{})
	var schema *jsonschema.Schema
	err = contained(func() error {
		if err := c.AddResource(schemaURL, doc); err != nil {
			return err
		}
		schema, err = c.Compile(schemaURL)
		return err
	})
	return schema, err
}

// noLoader loads nothing: a manifest that names an address must not have hosts ask there.
type noLoader struct{}

func (noLoader) Load(string) (any, error) { return nil, fs.ErrNotExist }

// configSchema reports a schema that is none, where that is.
func (d *decoder) configSchema(root *node, m *Manifest) {
	config := root.member("config")
	if config == nil || config.member("schema") == nil || m.Config.Schema == nil {
		return
	}
	at := config.member("schema")
	_, err := compile(m.Config.Schema)
	if err == nil {
		return
	}
	if bad, ok := errors.AsType[*jsonschema.SchemaValidationError](err); ok {
		d.badSchema(at, bad)
		return
	}
	if address := unreached(err); address != "" {
		d.reference(at, address)
		return
	}
	d.problem(at.start, "config.schema", "a schema that cannot be used ("+strings.ReplaceAll(err.Error(), schemaURL, "")+")", "a JSON Schema")
}

// unreached is the address that an error is about, if it is one of references.
func unreached(err error) string {
	if bad, ok := errors.AsType[*jsonschema.LoadURLError](err); ok {
		return bad.URL
	}
	if bad, ok := errors.AsType[*jsonschema.JSONPointerNotFoundError](err); ok {
		return bad.URL
	}
	if bad, ok := errors.AsType[*jsonschema.AnchorNotFoundError](err); ok {
		return bad.Reference
	}
	return ""
}

// badSchema reports what the schema of schemas does not allow.
func (d *decoder) badSchema(at *node, bad *jsonschema.SchemaValidationError) {
	base := placeOf(bad.URL)
	below, _ := at.find("", base)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(d.data[below.start:below.end]))
	cause, ok := errors.AsType[*jsonschema.ValidationError](bad.Err)
	if err != nil || !ok {
		d.problem(at.start, "config.schema", "a schema that cannot be used ("+bad.Error()+")", "a JSON Schema")
		return
	}
	for _, m := range misfitsOf(cause, value) {
		n, key := at.find("config.schema", slices.Concat(base, m.at))
		d.problem(n.start, key, m.found, m.want)
	}
}

// reference reports a reference that leads nowhere, or to what would have to be loaded.
func (d *decoder) reference(at *node, address string) {
	n, key, found := at, "config.schema", quote(strings.TrimPrefix(address, schemaURL))
	at.walk(key, func(value *node, where, name string) {
		if (name == "$ref" || name == "$dynamicRef" || name == "$schema") && value.kind == kindString && leadsTo(value.text, address) {
			n, key, found = value, where, value.found()
		}
	})
	if strings.HasSuffix(key, ".$schema") {
		d.problem(n.start, key, found, `a draft of JSON Schema, such as "https://json-schema.org/draft/2020-12/schema"`)
		return
	}
	d.problem(n.start, key, found, `a place that is in this schema, such as "#/$defs/name": nothing is loaded from elsewhere`)
}

// leadsTo reports whether a reference may have become this address, which its last part tells.
func leadsTo(reference, address string) bool {
	file, _, _ := strings.Cut(reference, "#")
	if file == "" {
		return reference != "" && strings.HasSuffix(address, reference)
	}
	return strings.HasSuffix(strings.Split(address, "#")[0], path.Base(file))
}

// find is the value at a place below n, or the last one on the way that is there, with its key.
func (n *node) find(key string, place []string) (*node, string) {
	for _, step := range place {
		next, where := n.step(key, step)
		if next == nil {
			break
		}
		n, key = next, where
	}
	return n, key
}

func (n *node) step(key, step string) (*node, string) {
	for i, item := range n.items {
		if fmt.Sprint(i) == step {
			return item, fmt.Sprintf("%s[%d]", key, i)
		}
	}
	return n.member(step), join(key, step)
}

// walk visits all values below n, with their keys and names.
func (n *node) walk(key string, visit func(value *node, key, name string)) {
	for _, m := range n.members {
		visit(m.value, join(key, m.key), m.key)
		m.value.walk(join(key, m.key), visit)
	}
	for i, item := range n.items {
		item.walk(fmt.Sprintf("%s[%d]", key, i), visit)
	}
}

// placeOf is the JSON Pointer in an address, in parts.
func placeOf(address string) []string {
	_, fragment, _ := strings.Cut(address, "#")
	pointer, err := url.PathUnescape(fragment)
	if err != nil || !strings.HasPrefix(pointer, "/") {
		return nil
	}
	parts := strings.Split(pointer[1:], "/")
	for i, p := range parts {
		parts[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(p)
	}
	return parts
}
