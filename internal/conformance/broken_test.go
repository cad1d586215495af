package conformance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/conformance"
)

// Each is one line of the Python toolkit, made wrong, and the case that has to notice.
var mistakes = map[string]struct{ right, wrong, fails string }{
	"takes any token":                 {`if not hmac.compare_digest(`, `if False and hmac.compare_digest(`, "handshake/20-wrong-token"},
	"picks no version":                {`if 1 not in (hello.get("hotplug") or []):`, `if False:`, "handshake/23-no-version-in-common"},
	"makes text of a tx":              {`self.send(tx, "result"`, `self.send(str(tx), "result"`, "calls/20-echo"},
	"answers a call twice":            {`self.send(tx, "error", payload=error.record)`, `self.send(tx, "error", payload=error.record); self.send(tx, "error", payload=error.record)`, "calls/10-unknown-message"},
	"forgets to acknowledge":          {`self.send(0, "credit", meta={"items": 1})`, `pass`, "notices/10-acknowledged"},
	"acknowledges a thousand at most": {`self.send(0, "credit", meta={"items": 1})`, `self.handled > 1000 or self.send(0, "credit", meta={"items": 1})`, "notices/13-many"},
	"takes notices without end":       {`self.heard - self.handled <= 1024`, `True`, "notices/33-beyond-the-window"},
	"sends notices without end":       {`await self.window.acquire()`, `pass`, "notices/41-window"},
	"takes one credit for many":       {`self.window.release()`, `[self.window.release() for _ in range(2000)]`, "notices/44-window-moves"},
	"counts notices and not bytes":    {`asyncio.Semaphore(256)`, `asyncio.Semaphore(1024)`, "notices/45-window-in-bytes"},
	"takes notices in any order":      {`return tx == self.heard and`, `return`, "notices/30-gap"},
	"sends notices from 0":            {`self.last_notice += 1`, `self.last_notice += self.open > 0`, "notices/40-sends"},
	"ignores cancel":                  {`self.calls[tx].cancel()`, `pass`, "calls/40-cancel"},
	"ends at a kind that is later's":  {`int(unnamed[1]) >= 64`, `int(unnamed[1]) >= 65`, "frames/20-unknown-kind"},
	"takes frames over the limit":     {`len(text) > self.max`, `len(text) > self.max + 1`, "frames/41-over-the-limit"},
	"leaves without finishing":        {`await first(host.idle(), host.lost.wait())`, `pass`, "leaving/12-drains-calls"},
	"leaves with 1":                   {`    os._exit(0)  # whatever`, `    os._exit(1)  # whatever`, "leaving/10-goodbye"},
	"does not go first":               {`host.send(0, "goodbye", meta={"then": "stop"})`, `pass`, "leaving/20-sigterm"},
	"starts by hand":                  {`die(64,`, `die(0,`, "start/10-by-hand"},
}

func TestAPluginThatIsWrongFailsTheCaseAboutIt(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not in PATH: the plugin that is made wrong is sample-plugins/python-toolkit")
	}
	for name, m := range mistakes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := conformance.Run(t.Context(), conformance.Target{Path: broken(t, m.right, m.wrong)}, conformance.Options{Cases: m.fails})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range report.Results {
				if r.Case == m.fails {
					if r.Status != conformance.Failed || r.Why == "" || report.OK {
						t.Errorf("%s: %s %s, want failed and a reason", r.Case, r.Status, r.Why)
					}
					return
				}
			}
			t.Errorf("no case %s", m.fails)
		})
	}
}

// broken copies the Python toolkit with one text replaced, once.
func broken(t *testing.T, right, wrong string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "broken")
	if err := os.CopyFS(dir, os.DirFS("../../sample-plugins/python-toolkit")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "hotplug.py")
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), right) {
		t.Fatalf("hotplug.py has no %q any more (%v): choose another mistake", right, err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), right, wrong, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, withHold(t, dir))
}

// withHold adds the message conformance.hold to the copy, if it has none, and returns the program's name.
func withHold(t *testing.T, dir string) string {
	t.Helper()
	const name, begins = "conformance.py", `@handles("conformance.notes", "query")`
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil || strings.Contains(string(text), "conformance.hold") {
		return name
	}
	hold := "@handles(\"conformance.hold\", \"notice\")\nasync def hold(how, _):\n    await asyncio.sleep(how[\"ms\"] / 1000)\n\n\n"
	if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Replace(string(text), begins, hold+begins, 1)), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}
