package manifest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/go-hotplug/hotplug/manifest"
)

func version(t *testing.T, text string) *semver.Version {
	t.Helper()
	v, err := semver.StrictNewVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestParseReportsAllProblemsInTheOrderOfTheFile(t *testing.T) {
	_, _, err := manifest.Parse([]byte(with(`"colour": 1`, `"limits": {"frame": "x"}`, `"timeouts": {"call": 3}`, `"host": "?"`)), "p.json")
	var e *manifest.Error
	if !errors.As(err, &e) {
		t.Fatalf("error is a %T: %v", err, err)
	}
	var got []string
	for _, p := range e.Problems {
		got = append(got, fmt.Sprintf("%s:%d:%d %s", p.File, p.Line, p.Column, p.Key))
	}
	want := "p.json:6:1 colour, p.json:7:21 limits.frame, p.json:8:22 timeouts.call, p.json:9:9 host"
	if strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
	if e.Name != "markdown" {
		t.Errorf("the error names %q, want the plugin", e.Name)
	}
	var p manifest.Problem
	if !errors.As(err, &p) || p.Key != "colour" {
		t.Errorf("errors.As finds the problem %+v, want the first", p)
	}
}

func TestParseCountsProblemsBeyondFifty(t *testing.T) {
	_, _, err := manifest.Parse([]byte(with(strings.TrimSuffix(strings.Repeat("\"colour\": 1,\n", 100), ",\n"))), "p.json")
	var e *manifest.Error
	if !errors.As(err, &e) || len(e.Problems) != 50 || e.More != 50 {
		t.Fatalf("got %d problems and %d more, want 50 and 50", len(e.Problems), e.More)
	}
	contains(t, err.Error(), "p.json: and 50 more problems")
}

func TestParseOfAMebibyteOfProblemsTakesLessThanASecond(t *testing.T) {
	for name, text := range map[string]string{
		"one key again and again": strings.Repeat("\"a\":1,\n", 130_000),
		"unknown keys":            manyKeys(80_000),
		"deep in config":          `"config": {"default": {` + manyKeys(60_000) + `"z": 1}},`,
	} {
		start := time.Now()
		_, _, _ = manifest.Parse([]byte("{"+text+`"name": "a"}`), "p.json")
		if took := time.Since(start); took > 20*time.Second { // twenty times the claim, for slow machines and the race detector
			t.Errorf("%s: took %v", name, took)
		}
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "\"%d\":1,\n", i)
	}
	return b.String()
}

func TestParseWarnsOfEachKeyThatHasNoEffectYet(t *testing.T) {
	for _, c := range []struct{ line, keys string }{
		{`"permissions": {"calls": ["host.readAsset"], "net": ["*"], "fs": ["/"]}`, "permissions.net permissions.fs"},
		{`"limits": {"frame": "1MiB", "memory": "1GiB", "openFiles": 9}`, ""},
	} {
		_, warnings := mustParse(t, with(c.line))
		var got []string
		for _, w := range warnings {
			got = append(got, w.Key)
		}
		if strings.Join(got, " ") != c.keys {
			t.Errorf("%s: warned of %v, want %s", c.line, got, c.keys)
		}
	}
}

func TestParseDoesNotWarnOfADefaultThatIsWrittenOut(t *testing.T) {
	_, warnings := mustParse(t, with(`"activation": "eager"`, `"idle": "0m"`, `"permissions": {"calls": [], "net": [], "fs": []}`, `"disconnect": {"timeout": "60m"}`,
		`"restart": {"policy": "on-failure", "max": 5, "window": "60s"}`, `"limits": {"memory": "", "openFiles": 0}`, `"health": {}`, `"config": {"schema": {"type": "object"}, "default": {"a": 1}}`))
	if len(warnings) != 0 {
		t.Errorf("warnings: %v", warnings)
	}
}

func TestAWarningNamesPlaceKeyAndWhatHappens(t *testing.T) {
	_, warnings := mustParse(t, with(`"permissions": {"net": ["*"]}`))
	if len(warnings) != 1 || warnings[0].String() != "plugin.json:6:17: permissions.net: has no effect in this version; it is accepted and ignored" {
		t.Errorf("got %v", warnings)
	}
}
