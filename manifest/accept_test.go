package manifest_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-hotplug/hotplug/manifest"
)

// everything sets every key that has an effect in this version to something other than its default.
const everything = `{
  "$schema": "../../manifest/plugin.schema.json",
  "manifest": 1,
  "name": "markdown",
  "version": "1.4.0-rc.1+build.5",
  "description": "Renders Markdown to HTML",
  "files": ["assets/**", "*.txt"],
  "entry": {"linux/amd64": {"path": "./bin//markdown", "sha256": "AB00000000000000000000000000000000000000000000000000000000000000"},
            "windows/amd64": {"path": "bin/markdown.exe"}, "x-built-by": "make"},
  "args": ["-v", ""],
  "env": {"set": {"LANG": "C"}, "allow": ["HTTPS_PROXY", "ProgramFiles(x86)"]},
  "host": ">=1.2 <3",
  "requires": {"spell?": "*", "highlight": "^2.0"},
  "protocol": "hotplug/1",
  "serializer": "JsonSerializer",
  "timeouts": {"start": "1m30s", "call": "0s", "drain": "5m", "stop": "250ms", "hostConnect": "1h"},
  "limits": {"frame": "1GiB", "inflight": 1},
  "license": "MIT",
  "authors": ["A <a@example.com>"],
  "links": {"source": "https://example.com", "mail": "mailto:a@example.com"},
  "build": {"commit": "abc", "time": "2026-01-31T12:00:00Z"},
  "x-note": {"any": ["thing"]}
}`

func TestParseFillsEveryDefaultOfAMinimalManifest(t *testing.T) {
	m, warnings := mustParse(t, with())
	if len(warnings) != 0 {
		t.Errorf("warnings of a minimal manifest: %v", warnings)
	}
	want := manifest.Default()
	want.Name, want.Version, want.Entry.Path = m.Name, m.Version, "markdown"
	if !reflect.DeepEqual(m, want) {
		t.Errorf("got %+v\nwant %+v", m, want)
	}
	if m.Name != "markdown" || m.Version.String() != "1.4.0" {
		t.Errorf("name %q version %s", m.Name, m.Version)
	}
}

func TestDefaultsAreThoseOfTheDesign(t *testing.T) {
	got, err := json.Marshal(manifest.Default())
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(got), `"files":["**"]`, `"protocol":"hotplug/1"`, `"serializer":"MessagePackSerializer"`, `"activation":"eager"`,
		`"timeouts":{"start":"30s","call":"30s","drain":"","stop":"5s","hostConnect":"30s"}`, `"disconnect":{"mode":"shutdown","timeout":"1h"}`,
		`"reload":{"mode":"overlap","quiesce":"1s","rollbackWindow":"10s","rollback":"restart"}`,
		`"restart":{"policy":"on-failure","max":5,"window":"1m","backoff":"100ms","maxBackoff":"30s"}`,
		`"health":{"interval":"30s","misses":3}`, `"idle":"0s"`, `"limits":{"frame":"16MiB","inflight":1024,"streams":256,"streamItems":256,"streamBytes":"1MiB","memory":"","openFiles":0}`)
}

func TestParseReadsEveryKeyThatHasAnEffectWithoutAWarning(t *testing.T) {
	m, warnings := mustParse(t, everything)
	if len(warnings) != 0 {
		t.Errorf("warnings: %v", warnings)
	}
	got := map[string]any{
		"version": m.Version.String(), "files": m.Files, "args": m.Args, "set": m.Env.Set["LANG"], "allow": m.Env.Allow,
		"host": m.Host.String(), "requires": []string{m.Requires[0].String(), m.Requires[1].String()}, "serializer": m.Serializer,
		"start": time.Duration(m.Timeouts.Start), "call": time.Duration(m.Timeouts.Call), "drain": time.Duration(m.Timeouts.Drain),
		"stop": time.Duration(m.Timeouts.Stop), "connect": time.Duration(m.Timeouts.HostConnect),
		"frame": int64(m.Limits.Frame), "inflight": m.Limits.Inflight, "license": m.License, "authors": m.Authors, "links": len(m.Links), "build": m.Build,
	}
	want := map[string]any{
		"version": "1.4.0-rc.1+build.5", "files": []string{"assets/**", "*.txt"}, "args": []string{"-v", ""}, "set": "C", "allow": []string{"HTTPS_PROXY", "ProgramFiles(x86)"},
		"host": ">=1.2 <3", "requires": []string{"highlight ^2.0", "spell? *"}, "serializer": "JsonSerializer",
		"start": 90 * time.Second, "call": time.Duration(0), "drain": 5 * time.Minute, "stop": 250 * time.Millisecond, "connect": time.Hour,
		"frame": int64(1 << 30), "inflight": 1, "license": "MIT", "authors": []string{"A <a@example.com>"}, "links": 2,
		"build": manifest.Build{Commit: "abc", Time: "2026-01-31T12:00:00Z"},
	}
	for k, w := range want {
		if !reflect.DeepEqual(got[k], w) {
			t.Errorf("%s: got %v, want %v", k, got[k], w)
		}
	}
}

func TestParseReadsBackWhatItsManifestMarshalsTo(t *testing.T) {
	for _, text := range []string{with(), everything, with(`"idle": "5m", "config": {"schema": {"type": "object"}, "default": {"a": 1}}, "limits": {"memory": "1MiB"}`)} {
		m, _ := mustParse(t, text)
		written, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := mustParse(t, string(written))
		rewritten, _ := json.Marshal(again)
		if string(rewritten) != string(written) {
			t.Errorf("first  %s\nsecond %s", written, rewritten)
		}
	}
}

func TestKeysThatBeginWithXAreFreeOnlyWhereKeysAreKnown(t *testing.T) {
	mustParse(t, with(`"timeouts": {"x-why": "slow disk"}`, `"x-": null`))
	m, _ := mustParse(t, with(`"requires": {"x-ray": "^1.0"}`))
	if len(m.Requires) != 1 || m.Requires[0].Name != "x-ray" {
		t.Errorf("the requirement of a plugin named x-ray was passed over: %v", m.Requires)
	}
	contains(t, refused(t, with(`"X-note": 1`)), "X-note: found an unknown key")
	contains(t, refused(t, with(`"x-note": 1, "x-note": 2`)), "x-note: found the key a second time")
}

func TestConstraintsAllowWhatSemverSays(t *testing.T) {
	m, _ := mustParse(t, with(`"host": ">=1.2 <3"`, `"requires": {"a": "^2.0", "b": "", "c": "~1.4 || >=3.0.0-0"}`))
	for _, c := range []struct {
		constraint manifest.Constraint
		yes, no    string
	}{
		{m.Host, "1.2.0 2.9.9", "1.1.9 3.0.0 2.0.0-rc.1"},
		{m.Requires[0].Constraint, "2.0.0 2.7.1", "1.9.9 3.0.0"},
		{m.Requires[1].Constraint, "0.0.1 99.0.0 1.0.0-rc.1", ""},
		{m.Requires[2].Constraint, "1.4.9 3.0.0 3.1.0-rc.1", "1.5.0 2.0.0"},
	} {
		for _, v := range strings.Fields(c.yes) {
			if !c.constraint.Allows(version(t, v)) || !c.constraint.AllowsText(v) {
				t.Errorf("%s does not allow %s", c.constraint, v)
			}
		}
		for _, v := range strings.Fields(c.no) {
			if c.constraint.Allows(version(t, v)) || c.constraint.AllowsText(v) {
				t.Errorf("%s allows %s", c.constraint, v)
			}
		}
	}
}

func TestAWorkersManifestNeedNotNameTheOnlySerializerThatItsProtocolHas(t *testing.T) {
	m, warnings, err := manifest.Parse([]byte(with(`"protocol": "isolated-workers/1"`)), "plugin.json")
	if err != nil || len(warnings) > 0 || m.Serializer != "JsonSerializer" {
		t.Fatalf("got %+v, %v, %v", m, warnings, err)
	}
}

func TestASerializerThatLooksMisspeltIsAWarning(t *testing.T) {
	for line, want := range map[string]string{
		`"serializer": "JSONSerializer"`:       `"JSONSerializer" is a name that the host has to register: did you mean "JsonSerializer"?`,
		`"serializer": "MesagePackSerializer"`: `"MesagePackSerializer" is a name that the host has to register: did you mean "MessagePackSerializer"?`,
		`"serializer": "CborSerializer"`:       "",
		`"serializer": "JsonSerializer"`:       "",
	} {
		_, warnings, err := manifest.Parse([]byte(with(line)), "plugin.json")
		if err != nil || len(warnings) > 1 || (len(warnings) == 1) != (want != "") {
			t.Fatalf("%s: got %v, %v", line, warnings, err)
		}
		if want != "" && warnings[0].Text != want {
			t.Errorf("%s: got %s", line, warnings[0].Text)
		}
	}
}
