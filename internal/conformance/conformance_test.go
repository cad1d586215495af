package conformance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/conformance"
	"github.com/go-hotplug/hotplug/internal/proc"
)

func TestEachCaseNamesASectionOfTheProtocolAndSaysWhatHolds(t *testing.T) {
	cases, err := conformance.Cases()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	headings := map[string]bool{}
	for _, h := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(string(doc), -1) {
		headings[h[1]] = true
	}
	titles := map[string]string{}
	for _, c := range cases {
		if !headings[c.Section] {
			t.Errorf("case %s: docs/protocol.md has no heading %q", c.Name, c.Section)
		}
		if other := titles[c.Title]; other != "" {
			t.Errorf("cases %s and %s say the same: %s", c.Name, other, c.Title)
		}
		titles[c.Title] = c.Name
	}
	if len(cases) < 130 {
		t.Errorf("%d cases: some are no longer found", len(cases))
	}
}

func TestParseRefusesWhatItDoesNotKnow(t *testing.T) {
	const head = "title: t\nsection: s\n\n"
	for text, says := range map[string]string{
		"":                           "required",
		"title: t\n\nhello\n":        "required",
		head + "helo\n":              `unknown step "helo"`,
		"limits: {\"x\":1}\n" + head: `unknown field "x"`,
		"titel: t\n" + head:          `unknown key "titel"`,
		"split: perhaps\n" + head:    "line 1",
	} {
		if _, err := conformance.Parse("x", text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("Parse(%q): %v, want %q", text, err, says)
		}
	}
}

// build makes a program of this repository.
func build(t *testing.T, pkg string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plugin.exe")
	if out, err := exec.Command("go", "build", "-o", path, pkg).CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	return path
}

func run(t *testing.T, path string) *conformance.Report {
	t.Helper()
	report, err := conformance.Run(t.Context(), conformance.Target{Path: path}, conformance.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Results {
		if r.Status == conformance.Failed {
			t.Errorf("%s with %s: %s: %s", r.Case, r.Serializer, r.Title, r.Why)
		}
	}
	return report
}

func TestAPluginOfTheLibraryThatHandlesAllMessagesPassesAllCases(t *testing.T) {
	if testing.Short() || !proc.Inherits {
		t.Skip("it starts some 280 processes")
	}
	report := run(t, build(t, "github.com/go-hotplug/hotplug/e2e/internal/conformist"))
	for _, r := range report.Results {
		if r.Status == conformance.NotClaimed && r.Case != stopsInsteadOfParking {
			t.Errorf("%s is not claimed with %s: %s", r.Case, r.Serializer, r.Why)
		}
	}
	if len(report.Serializers) != 2 {
		t.Errorf("it was tried with %v, want both serializers", report.Serializers)
	}
}

// stopsInsteadOfParking is the case that is about plugins that cannot be parked.
const stopsInsteadOfParking = "leaving/11-goodbye-park"

// What the samples in other languages leave out: those of one file have no streams.
var (
	inOneFile    = regexp.MustCompile(`^it does not (handle conformance\.(count|sum|upper|steps)|state the feature park)$`)
	withAToolkit = regexp.MustCompile(`^it does not state the feature park$`)
)

func TestPluginsInOtherLanguagesPassAllCases(t *testing.T) {
	for path, is := range map[string]struct {
		interpreter string
		without     *regexp.Regexp
	}{
		"node-greeter/conformance.mjs": {"node", inOneFile}, "node-toolkit/conformance.mjs": {"node", withAToolkit},
		"python-greeter/conformance.py": {"python3", inOneFile}, "python-toolkit/conformance.py": {"python3", withAToolkit},
	} {
		t.Run(filepath.Dir(path), func(t *testing.T) {
			if !found(is.interpreter) {
				t.Skipf("%s is not in PATH: install it to test sample-plugins/%s (make test-all insists on it)", is.interpreter, path)
			}
			for _, r := range run(t, filepath.Join("../../sample-plugins", path)).Results {
				if r.Status == conformance.NotClaimed && !is.without.MatchString(r.Why) {
					t.Errorf("%s is not claimed: %s", r.Case, r.Why)
				}
			}
		})
	}
}
