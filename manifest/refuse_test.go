package manifest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// badLines are wrong in one way each. What Parse says about them is in testdata/errors.golden: read it when it changes.
var badLines = []string{
	`"timeout": {}`, `"memory": "1GiB"`, `"limits": {"call": "1s"}`, `"Timeouts": {}`, `"colour": "red"`, `"timeouts": {"cal": "1s"}`, `"limits": {"frames": "1MiB"}`, `"": 1`, `"a.b": 1`,
	`"license": "MIT", "license": "MIT"`, `"timeouts": {"call": "1s", "call": "2s"}`, `"requires": {"a": "*", "a": "*"}`,
	`"env": {"set": {"A": "1", "A": "2"}}`, `"config": {"default": {"a": {"b": 1, "b": 2}}}`, `"config": {"default": {"a": [{"b": 1, "\u0062": 2}]}}`,
	`"config": {"default": {"a": [{"c": {"b": 1, "b": 2}}]}}`, `"description": 1`, `"description": null`, `"files": "**"`, `"files": [1]`, `"args": {}`, `"authors": [null]`, `"env": []`, `"env": {"set": {"A": 1}}`,
	`"timeouts": "30s"`, `"timeouts": {"call": 30}`, `"timeouts": {"call": null}`, `"limits": {"inflight": "many"}`, `"limits": {"inflight": 1.5}`,
	`"limits": {"inflight": 1e3}`, `"limits": {"inflight": 0}`, `"limits": {"inflight": 99999999999}`, `"limits": {"openFiles": -1}`, `"health": {"misses": true}`,
	`"timeouts": {"call": "30"}`, `"timeouts": {"call": ""}`, `"timeouts": {"call": "-1s"}`, `"timeouts": {"call": "1 s"}`, `"timeouts": {"call": "1d"}`,
	`"timeouts": {"call": "9999999h"}`, `"timeouts": {"drain": "6m"}`, `"timeouts": {"drain": "0s"}`, `"restart": {"backoff": "1h"}`,
	`"limits": {"frame": "16MB"}`, `"limits": {"frame": "16"}`, `"limits": {"frame": 16}`, `"limits": {"frame": ""}`, `"limits": {"frame": "512B"}`,
	`"limits": {"frame": "2GiB"}`, `"limits": {"frame": "-1KiB"}`, `"limits": {"frame": "1.5MiB"}`, `"limits": {"frame": "9999999999GiB"}`, `"limits": {"memory": "0B"}`,
	`"host": "two"`, `"host": ">=1.2 <"`, `"host": 2`, `"requires": []`, `"requires": {"highlight": "latest"}`, `"requires": {"highlight": 2}`,
	`"requires": {"Highlight": "*"}`, `"requires": {"highlight??": "*"}`, `"requires": {"a": "*", "a?": "*"}`, `"requires": {"markdown": "*"}`, `"requires": {"a": {"version": "1"}}`,
	`"files": ["/etc/*"]`, `"files": ["../x"]`, `"files": ["a/../../x"]`, `"files": ["!x"]`, `"files": ["{a,b}"]`, `"files": ["[a"]`, `"files": ["a**"]`, `"files": [""]`, `"files": ["a\\b"]`,
	`"protocol": "hotplug/2"`, `"protocol": "isolated-workers/1", "serializer": "MessagePackSerializer"`, `"protocol": 1`, `"activation": "Lazy"`, `"disconnect": {"mode": "stay"}`, `"reload": {"mode": "swap"}`,
	`"reload": {"rollback": "now"}`, `"restart": {"policy": "sometimes"}`, `"serializer": "Message Pack"`, `"serializer": ""`, `"serializer": "1x"`,
	`"env": {"set": {"A=B": "1"}}`, `"env": {"set": {"HOTPLUG_STARTUP": "1"}}`, `"env": {"allow": ["hotplug_x"]}`, `"env": {"set": {"A": "a\u0000b"}}`, `"args": ["a\u0000b"]`,
	`"config": {"schema": true}`, `"config": {"schema": {"type": "strin"}}`, `"config": {"schema": {"properties": {"a/b": {"minimum": "1"}}}}`, `"config": {"schema": {"required": ["a", 2]}}`,
	`"config": {"schema": {"properties": {"a": {"pattern": "(?=x)"}}}}`, `"config": {"schema": {"$ref": "https://example.org/x.json"}}`, `"config": {"schema": {"items": [1]}}`,
	`"config": {"schema": {"properties": {"a": {"$ref": "../../etc/passwd"}}}}`, `"config": {"schema": {"$ref": "file:///etc/passwd#/x"}}`, `"config": {"schema": {"$schema": "https://example.org/draft"}}`,
	`"config": {"schema": {"$ref": "#/$defs/none"}}`, `"config": {"schema": {"$ref": "#none"}}`, `"config": {"schema": {"$ref": "%"}}`, `"config": {"schema": {"allOf": []}}`,
	`"config": {"schema": {"minLength": 1e99999999}}`, `"config": {"schema": {"$id": "https://example.org/a", "$ref": "b"}}`,
	`"config": {"default": []}`, `"permissions": {"calls": "x"}`, `"permissions": {"calls": ["app.user", "app*"]}`, `"permissions": {"calls": [""]}`, `"permissions": {"calls": ["*.user", 1]}`, `"links": {"docs": "javascript:alert(1)"}`, `"links": {"docs": "docs/index.html"}`,
	`"build": {"time": "yesterday"}`, `"description": "` + strings.Repeat("long ", 40) + `", "limits": {"inflight": "` + strings.Repeat("long ", 40) + `"}`,
}

// badFiles are wrong in the keys that every manifest has, or as JSON.
var badFiles = []string{
	`{"manifest": 1`, `{"manifest": 1, /* the format */ "name": "a"}`, `{} {}`, `["manifest", 1]`, `{"manifest": NaN}`, `{"manifest": 1,}`,
	`{}`, `{"x-note": "nothing else"}`,
	`{"manifest": 2, "name": "a", "version": "1.0.0", "entry": "a"}`, `{"manifest": "1", "name": "a", "version": "1.0.0", "entry": "a"}`,
	`{"manifest": 1, "name": "", "version": "1.0.0", "entry": "a"}`, `{"manifest": 1, "name": "Markdown", "version": "1.0.0", "entry": "a"}`,
	`{"manifest": 1, "name": "a_b", "version": "1.0.0", "entry": "a"}`, `{"manifest": 1, "name": "a\n", "version": "1.0.0", "entry": "a"}`,
	`{"manifest": 1, "name": "` + strings.Repeat("a", 65) + `", "version": "1.0.0", "entry": "a"}`,
	`{"manifest": 1, "name": "a", "version": "1.0", "entry": "a"}`, `{"manifest": 1, "name": "a", "version": "v1.0.0", "entry": "a"}`,
	`{"manifest": 1, "name": "a", "version": "", "entry": "a"}`, `{"manifest": 1, "name": "a", "version": 1, "entry": "a"}`, `{"manifest": 1, "name": "a", "version": "1.0.0-01", "entry": "a"}`,
	`{"manifest": 1, "name": "a", "version": "1.0.0", "entry": ""}`, `{"manifest": 1, "name": "a", "version": "1.0.0", "entry": "/bin/sh"}`,
	`{"manifest": 1, "name": "a", "version": "1.0.0", "entry": "../a"}`, `{"manifest": 1, "name": "a", "version": "1.0.0", "entry": "x/../../a"}`,
	`{"manifest": 1, "name": "a", "version": "1.0.0", "entry": "C:\\a.exe"}`, `{"manifest": 1, "name": "a", "version": "1.0.0", "entry": "bin\\a"}`,
	`{"manifest": 1, "name": "a", "version": "1.0.0", "entry": "."}`, `{"manifest": 1, "name": "a", "version": "1.0.0", "entry": ["a"]}`,
	`{"manifest": 1, "name": "a", "version": "1.0.0", "entry": {}}`, `{"manifest": 1, "name": "a", "version": "1.0.0", "entry": {"linux/x86": {"path": "a"}}}`,
	`{"manifest": 1, "name": "a", "version": "1.0.0", "entry": {"linux": {"path": "a"}}}`, `{"manifest": 1, "name": "a", "version": "1.0.0", "entry": {"linux/amd64": "a"}}`,
	`{"manifest": 1, "name": "a", "version": "1.0.0", "entry": {"linux/amd64": {}}}`, `{"manifest": 1, "name": "a", "version": "1.0.0", "entry": {"linux/amd64": {"path": "/a"}}}`,
	`{"manifest": 1, "name": "a", "version": "1.0.0", "entry": {"linux/amd64": {"path": "a", "sha": "00"}}}`,
	`{"manifest": 1, "name": "a", "version": "1.0.0", "entry": {"linux/amd64": {"path": "a", "sha256": "00"}}}`,
	`{"manifest": 1, "name": "a", "version": "1.0.0", "entry": {"linux/amd64": {"path": "a"}, "linux/amd64": {"path": "b"}}}`,
}

func TestParseRefusesEachBadValueWithTheTextOnRecord(t *testing.T) {
	var got strings.Builder
	for _, line := range badLines {
		got.WriteString(line + "\n    " + strings.ReplaceAll(refused(t, with(line)), "\n", "\n    ") + "\n")
	}
	for _, file := range badFiles {
		got.WriteString(file + "\n    " + strings.ReplaceAll(refused(t, file), "\n", "\n    ") + "\n")
	}
	golden(t, filepath.Join("testdata", "errors.golden"), got.String())
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: run the test with -update", err)
	}
	if got == string(want) {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Fatalf("%s:%d differs; if that is wanted, run the test with -update\n got %s\nwant %s", path, i+1, gotLines[i], wantLines[i])
		}
	}
	t.Fatalf("%s has %d lines, want %d; if that is wanted, run the test with -update", path, len(wantLines), len(gotLines))
}
