package manifest_test

import (
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/manifest"
)

func TestCallsAreNamesBeginningsUpToADotOrAll(t *testing.T) {
	for _, c := range []struct {
		calls   manifest.Calls
		in, out string
	}{
		{nil, "", "app.user *"},
		{manifest.Calls{"app.user"}, "app.user", "app.users app.use app.user.name App.user"},
		{manifest.Calls{"app.*"}, "app.user app.user.name app.", "app application.user happ.user"},
		{manifest.Calls{"log", "app.user.*"}, "log app.user.name", "log.line app.user"},
		{manifest.Calls{"*"}, "log app.user", ""},
	} {
		for _, message := range strings.Fields(c.in) {
			if !c.calls.Include(message) {
				t.Errorf("%q: does not include %q", c.calls, message)
			}
		}
		for _, message := range strings.Fields(c.out) {
			if c.calls.Include(message) {
				t.Errorf("%q: includes %q", c.calls, message)
			}
		}
		if err := c.calls.Check(); err != nil {
			t.Error(err)
		}
	}
}

func TestCallsThatAreNeitherNameNorBeginningAreRefused(t *testing.T) {
	for _, bad := range []string{"", "app*", "*.user", "app.*.user", "app.**", "app.", "app..*", ".", "app user", " app.user", "app.user\n", ".*.*", "a\x00b"} {
		err := manifest.Calls{"app.user", bad}.Check()
		if err == nil || !strings.Contains(err.Error(), "want the name of a message") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestWhatAPluginCallsIsReadFromItsManifestWithoutAWarning(t *testing.T) {
	m, warnings := mustParse(t, with(`"permissions": {"calls": ["host.readAsset", "app.*"]}`))
	if len(warnings) != 0 || !m.Permissions.Calls.Include("host.readAsset") || !m.Permissions.Calls.Include("app.user") || m.Permissions.Calls.Include("host.writeAsset") {
		t.Errorf("%q, warnings %v", m.Permissions.Calls, warnings)
	}
}

func TestAWorkerThatCallsNobodyIsWarnedOfItsPermissions(t *testing.T) {
	_, warnings := mustParse(t, with(`"protocol": "isolated-workers/1", "permissions": {"calls": ["app.user"]}`))
	want := `plugin.json:6:60: permissions.calls: has no effect: a plugin of protocol "isolated-workers/1" calls nobody`
	if len(warnings) != 1 || warnings[0].String() != want {
		t.Errorf("got %v, want %s", warnings, want)
	}
}
