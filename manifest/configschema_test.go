package manifest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/manifest"
)

// fits checks a configuration; says are what the error has, none for one that fits.
func fits(t *testing.T, schema, config string, says ...string) {
	t.Helper()
	err := manifest.Config{Schema: json.RawMessage(schema)}.Check(json.RawMessage(config))
	if len(says) == 0 && err != nil || len(says) > 0 && err == nil {
		t.Fatalf("schema %s, configuration %s: %v", schema, config, err)
	}
	if err != nil {
		contains(t, err.Error(), says...)
	}
}

func TestAMisfitNamesPlaceWhatWasExpectedAndWhatWasFound(t *testing.T) {
	for _, c := range [][3]string{
		{`{"properties": {"a/b": {"type": "string"}}}`, `{"a/b": 3}`, `/a~1b: expected a string, found 3`},
		{`{"type": ["object", "null"]}`, `[]`, `the whole of it: expected null or an object, found a list`},
		{`{"required": ["key"]}`, `{}`, `/key: expected a value, which is required, found nothing`},
		{`{"properties": {"a": true}, "additionalProperties": false}`, `{"b": "x"}`, `/b: expected no member of this name, found "x"`},
		{`{"properties": {"mode": {"enum": ["fast", "safe", null]}}}`, `{"mode": "fsat"}`, `/mode: expected one of "fast", "safe", null, found "fsat"`},
		{`{"properties": {"v": {"const": 1}}}`, `{"v": {}}`, `/v: expected 1, found an object`},
		{`{"properties": {"n": {"minimum": 1}}}`, `{"n": 0.5}`, `/n: expected at least 1, found 0.5`},
		{`{"properties": {"n": {"exclusiveMaximum": 2.5}}}`, `{"n": 3}`, `/n: expected less than 2.5, found 3`},
		{`{"properties": {"n": {"type": "integer"}}}`, `{"n": 0.5}`, `/n: expected a whole number, found 0.5`},
		{`{"properties": {"s": {"minLength": 2}}}`, `{"s": ""}`, `/s: expected at least 2 characters, found ""`},
		{`{"properties": {"s": {"pattern": "^a+$"}}}`, `{"s": "b"}`, `/s: expected text that matches ^a+$, found "b"`},
		{`{"properties": {"s": {"format": "email"}}}`, `{"s": "b"}`, `/s: expected the format email, found "b"`},
		{`{"properties": {"l": {"items": {"type": "boolean"}, "maxItems": 1}}}`, `{"l": [true, "x"]}`, `/l: expected a list of at most 1, found a list; /l/1: expected a boolean, found "x"`},
		{`{"properties": {"a": {"anyOf": [{"type": "string"}, {"type": "number"}]}}}`, `{"a": []}`, `/a: expected a string or a number, found a list`},
		{`{"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}`, `{}`, `the whole of it: expected what fits one of the 2 forms of its anyOf, found an object`},
		{`{"oneOf": [true, false, true]}`, `{}`, `expected what fits one form of its oneOf (it fits forms 1 and 3)`},
		{`{"properties": {"a": false}}`, `{"a": 1}`, `/a: expected no value, found 1`},
		{`{"properties": {"l": {"uniqueItems": true}}}`, `{"l": [1, 1]}`, `/l: expected what its schema allows (items at 0 and 1 are equal), found a list`},
		{`{"$ref": "#/$defs/x", "$defs": {"x": {"required": ["a"]}}}`, ``, `/a: expected a value, which is required, found nothing`},
		{`{"additionalProperties": {"type": "null"}}`, `{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6}`, `/e: expected null, found 5; and 1 more`},
		{`{}`, `{`, `it is no JSON: unexpected EOF`},
	} {
		config := c[1]
		if config == "" {
			config = "{}"
		}
		fits(t, c[0], config, c[2])
	}
}

func TestWhatASchemaAllowsFits(t *testing.T) {
	fits(t, `{"type": "object", "properties": {"a": {"type": "integer", "maximum": 9}}, "required": ["a"]}`, `{"a": 9, "b": null}`)
	fits(t, `{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"s": {"type": "string"}}, "properties": {"a": {"$ref": "#/definitions/s"}}}`, `{"a": ""}`)
	fits(t, `{"$defs": {"node": {"properties": {"below": {"items": {"$ref": "#/$defs/node"}}}}}, "$ref": "#/$defs/node"}`, `{"below": [{"below": []}]}`)
	fits(t, `{"properties": {"a": {"format": "of nobody"}}}`, `{"a": "x"}`)
	if err := (manifest.Config{}).Check(json.RawMessage(`[`)); err != nil {
		t.Errorf("without a schema: %v", err)
	}
	if err := (manifest.Config{Schema: json.RawMessage(`{"type": "object"}`)}).Check(nil); err != nil {
		t.Errorf("no configuration is an empty object: %v", err)
	}
}

func TestASchemaIsReadFromNowhereElse(t *testing.T) {
	for _, ref := range []string{"http://127.0.0.1:1/x", "file:///proc/self/environ", "/proc/self/environ", "other.json", "plugin:///other"} {
		_, _, err := manifest.Parse([]byte(with(`"config": {"schema": {"properties": {"a": {"$ref": "`+ref+`"}}}}`)), "plugin.json")
		if err == nil || !strings.Contains(err.Error(), "plugin.json:6:52: config.schema.properties.a.$ref: found ") || !strings.Contains(err.Error(), "nothing is loaded from elsewhere") {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

func TestAPanicOfTheLibraryIsAnError(t *testing.T) {
	if err := manifest.Contained(func() error { panic("baseres is nil") }); err == nil || err.Error() != "the library for JSON Schema panicked: baseres is nil" {
		t.Errorf("got %v", err)
	}
}

func FuzzConfigCheck(f *testing.F) {
	f.Add([]byte(`{"type": "object", "required": ["a"]}`), []byte(`{"a": 1e999}`))
	f.Add([]byte(`{"multipleOf": 1e-400, "const": 1e99999999}`), []byte(`1e99999999`))
	f.Add([]byte(`{"$id": "a", "$ref": "b", "$anchor": "c", "$dynamicRef": "#d"}`), []byte(`[]`))
	f.Add([]byte(`{"enum": [1e99999999], "uniqueItems": true, "unevaluatedItems": false}`), []byte(`[1e99999999, 1e99999999]`))
	f.Fuzz(func(t *testing.T, schema, config []byte) {
		if len(schema) > 300 || len(config) > 300 || !json.Valid(schema) {
			return // what takes long is the schema's affair
		}
		text := append(append([]byte(`{"manifest": 1, "name": "a", "version": "1.0.0", "entry": "a", "config": {"schema": `), schema...), "}}"...)
		m, _, err := manifest.Parse(text, "plugin.json")
		if err != nil {
			return
		}
		_ = m.Config.Check(config)
	})
}
