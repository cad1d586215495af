package manifest

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
)

// Schema is the JSON Schema (2020-12) of a manifest, for editors. It is generated from the Go types. It cannot say
// everything that Parse checks (a semver constraint, a path that stays inside), so Parse decides.
func Schema() []byte {
	defaults, _ := json.Marshal(Default()) // types of this package: nothing to fail
	var values map[string]any
	_ = json.Unmarshal(defaults, &values)
	root := objectSchema(reflect.TypeFor[Manifest](), values)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = FileName
	root["description"] = "Manifest of a hotplug plugin."
	root["required"] = required
	root["$defs"] = map[string]any{"entryFile": entryFileSchema()}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(root)
	return out.Bytes()
}

// objectSchema describes a struct; defaults are the values of its keys where they have one.
func objectSchema(t reflect.Type, defaults map[string]any) map[string]any {
	properties := map[string]any{}
	for i := range t.NumField() {
		f := t.Field(i)
		key := keyOf(f)
		s := typeSchema(f.Type, f.Tag, defaults[key])
		s["description"] = f.Tag.Get("doc")
		if v, ok := defaults[key]; ok && s["properties"] == nil && !isRequired(key, t) {
			s["default"] = v
		}
		properties[key] = s
	}
	return map[string]any{
		"type":                 "object",
		"properties":           properties,
		"patternProperties":    map[string]any{"^x-": true},
		"additionalProperties": false,
	}
}

func isRequired(key string, t reflect.Type) bool {
	if t != reflect.TypeFor[Manifest]() {
		return false
	}
	for _, r := range required {
		if r == key {
			return true
		}
	}
	return false
}

// typeSchema describes a field's type as its tag narrows it.
func typeSchema(t reflect.Type, tag reflect.StructTag, value any) map[string]any {
	if l, ok := leaves[t]; ok {
		return leafSchema(l, tag)
	}
	switch t {
	case reflect.TypeFor[Entry]():
		return entrySchema()
	case reflect.TypeFor[Requires]():
		return map[string]any{
			"type":                 "object",
			"propertyNames":        map[string]any{"pattern": `^[a-z][a-z0-9-]{0,63}\??$`},
			"additionalProperties": map[string]any{"type": "string"},
		}
	case reflect.TypeFor[json.RawMessage]():
		return map[string]any{"type": "object"}
	}
	switch t.Kind() {
	case reflect.Struct:
		defaults, _ := value.(map[string]any)
		return objectSchema(t, defaults)
	case reflect.Map:
		return mapSchema(tag)
	case reflect.Slice:
		return map[string]any{"type": "array", "items": stringSchema(tag.Get("rule"))}
	case reflect.Int:
		return integerSchema(tag)
	}
	return stringSchema(tag.Get("rule"))
}

func leafSchema(l leaf, tag reflect.StructTag) map[string]any {
	s := maps.Clone(l.schema)
	if tag.Get("empty") == "ok" {
		return map[string]any{"anyOf": []any{s, map[string]any{"const": ""}}}
	}
	return s
}

func mapSchema(tag reflect.StructTag) map[string]any {
	s := map[string]any{"type": "object", "additionalProperties": stringSchema(tag.Get("rule"))}
	if r, ok := rules[tag.Get("keys")]; ok {
		s["propertyNames"] = map[string]any{"pattern": r.pattern}
	}
	return s
}

func integerSchema(tag reflect.StructTag) map[string]any {
	if tag.Get("rule") == "format" {
		return map[string]any{"const": Format}
	}
	s := map[string]any{"type": "integer"}
	if v := tag.Get("min"); v != "" {
		s["minimum"] = json.Number(v)
	}
	return s
}

func stringSchema(name string) map[string]any {
	s := map[string]any{"type": "string"}
	if p := rules[name].pattern; p != "" {
		s["pattern"] = p
	}
	return s
}

func entrySchema() map[string]any {
	perPlatform := map[string]any{}
	for _, p := range platforms {
		perPlatform[p] = map[string]any{"$ref": "#/$defs/entryFile"}
	}
	return map[string]any{"anyOf": []any{
		map[string]any{"type": "string", "minLength": 1},
		map[string]any{
			"type": "object", "minProperties": 1, "properties": perPlatform,
			"patternProperties": map[string]any{"^x-": true}, "additionalProperties": false,
		},
	}}
}

func entryFileSchema() map[string]any {
	file := objectSchema(reflect.TypeFor[EntryFile](), nil)
	file["required"] = []string{"path"}
	return file
}
