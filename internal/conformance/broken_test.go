package conformance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/internal/conformance"
)

// mistakes are lines of a sample, made wrong, and the case that has to notice. What sends without end does it steadily (sleep(0)): the runner
// takes a pause for the end.
var mistakes = map[string]struct{ file, right, wrong, fails string }{
	"takes any token":                    {pythonToolkit, `if not hmac.compare_digest(`, `if False and hmac.compare_digest(`, "handshake/20-wrong-token"},
	"picks no version":                   {pythonToolkit, `if 1 not in (hello.get("hotplug") or []):`, `if False:`, "handshake/23-no-version-in-common"},
	"makes text of a tx":                 {pythonToolkit, `self.connection.send(self.tx, "result"`, `self.connection.send(str(self.tx), "result"`, "calls/20-echo"},
	"answers a call twice":               {pythonToolkit, `self.send(tx, "error", payload=error.record)`, `self.send(tx, "error", payload=error.record); self.send(tx, "error", payload=error.record)`, "calls/10-unknown-message"},
	"forgets to acknowledge":             {pythonToolkit, `self.send(0, "credit", meta={"items": 1})`, `pass`, "notices/10-acknowledged"},
	"acknowledges a thousand at most":    {pythonToolkit, `self.send(0, "credit", meta={"items": 1})`, `self.heard > 1000 or self.send(0, "credit", meta={"items": 1})`, "notices/13-many"},
	"takes notices without end":          {pythonToolkit, `or not self.received.has_room()`, ``, "notices/33-beyond-the-window"},
	"takes bytes of notices without end": {pythonToolkit, `self.received.add(frame["size"] + 1)`, `self.received.add(1)`, "notices/34-beyond-in-bytes"},
	"sends notices without end":          {pythonToolkit, `while not self.sent.has_room():`, `while await asyncio.sleep(0):`, "notices/41-window"},
	"takes one credit for many":          {pythonToolkit, `self.sent.acknowledge(frame["meta"].get("items", 0))`, `self.sent.acknowledge(len(self.sent.sizes))`, "notices/44-window-moves"},
	"sends bytes of notices without end": {pythonToolkit, `while not self.sent.has_room():`, `while await asyncio.sleep(0) or len(self.sent.sizes) >= 1024:`, "notices/45-window-in-bytes"},
	"takes notices in any order":         {pythonToolkit, `if frame["tx"] != self.heard or`, `if`, "notices/30-gap"},
	"sends notices from 0":               {pythonToolkit, `self.send(self.last_notice + 1,`, `self.send(self.last_notice,`, "notices/40-sends"},
	"ignores cancel":                     {pythonToolkit, `self.calls[frame["tx"]].task.cancel()`, `pass`, "calls/40-cancel"},
	"lets a deadline in weeks pass":      {nodeToolkit, `Math.min(ms, longest)`, `ms`, "calls/44-long-deadline"},
	"lets weeks without a host pass":     {nodeGreeter, `Math.min(ms || never, never)`, `ms || never`, "start/51-long-times"},
	"ends at progress":                   {pythonToolkit, `def on_progress(self, frame):`, "def on_progress(self, frame):\n        return False", "calls/52-progress-unasked"},
	"ends at an item that comes late":    {pythonToolkit, `return not asking or asking.over or bool(asking.items)`, `return bool(asking) and bool(asking.items)`, "calls/53-streams-of-no-call"},
	"ends at a kind that is later's":     {pythonToolkit, `int(unnamed[1]) >= 64`, `int(unnamed[1]) >= 65`, "frames/20-unknown-kind"},
	"takes frames over the limit":        {pythonToolkit, `len(text) > self.max`, `len(text) > self.max + 1`, "frames/41-over-the-limit"},
	"leaves without finishing":           {pythonToolkit, `await first(host.idle(), host.lost.wait())`, `pass`, "leaving/12-drains-calls"},
	"leaves with notices unhandled":      {nodeGreeter, `    await this.notices`, ``, "leaving/15-drains-notices"},
	"forgets notices when it leaves":     {pythonToolkit, `while self.calls or self.received.sizes:`, `while self.calls:`, "leaving/15-drains-notices"},
	"leaves with 1":                      {pythonToolkit, `    os._exit(0)  # whatever`, `    os._exit(1)  # whatever`, "leaving/10-goodbye"},
	"does not go first":                  {pythonToolkit, `host.send(0, "goodbye", meta={"then": "stop"})`, `pass`, "leaving/20-sigterm"},
	"sends items without credit":         {nodeToolkit, `(this.items < 1 || this.bytes < 1)`, `false`, "streams/20-held-by-items"},
	"sends bytes without credit":         {pythonToolkit, `while self.items < 1 or self.bytes < 1:`, `while self.items < 1:`, "streams/21-held-by-bytes"},
	"gives no credit back":               {pythonToolkit, `if self.closed or few:`, `if True:`, "streams/32-upload-of-many"},
	"counts no bytes taken":              {nodeToolkit, `taken.bytes += size`, ``, "streams/33-upload-of-many-bytes"},
	"takes items without credit":         {nodeToolkit, `this.left.items < 1 || this.left.bytes < 1`, `false`, "streams/50-beyond-the-credit"},
	"takes two ends of an upload":        {pythonToolkit, `def on_uploadEnd(self, frame):`, "def on_uploadEnd(self, frame):\n        frame['tx'] in self.calls and self.calls[frame['tx']].items.close()\n        return True", "streams/53-second-end"},
	"opens streams without end":          {nodeToolkit, `count < (opens ? this.streams : this.inflight)`, `count < this.inflight`, "streams/75-limit"},
	"forgets the last report":            {pythonToolkit, `self.connection.send(self.tx, "progress"`, `self.latest["done"] == self.latest["total"] or self.connection.send(self.tx, "progress"`, "streams/91-much-progress"},
	"reports to who did not ask":         {nodeToolkit, `if (this.latest && this.wanted)`, `if (this.latest)`, "streams/92-progress-unasked"},
	"starts by hand":                     {pythonToolkit, `die(64,`, `die(0,`, "start/10-by-hand"},
}

// The files that mistakes are made in, of sample-plugins.
const (
	pythonToolkit = "python-toolkit/hotplug.py"
	nodeToolkit   = "node-toolkit/hotplug.mjs"
	nodeGreeter   = "node-greeter/greeter.mjs"
)

// interpreters are what runs a file, and the file that adds the messages of the suite, by the end of its name.
var interpreters = map[string]struct{ program, conformance string }{".py": {"python3", "conformance.py"}, ".mjs": {"node", "conformance.mjs"}}

func TestAPluginThatIsWrongFailsTheCaseAboutIt(t *testing.T) {
	for name, m := range mistakes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if program := interpreters[filepath.Ext(m.file)].program; !found(program) {
				t.Skipf("%s is not in PATH: the plugin that is made wrong is sample-plugins/%s", program, m.file)
			}
			report, err := conformance.Run(t.Context(), conformance.Target{Path: broken(t, m.file, m.right, m.wrong)}, conformance.Options{Cases: m.fails})
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

func found(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// broken copies the folder of a sample's file with one text of it replaced, once.
func broken(t *testing.T, file, right, wrong string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "broken")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("../../sample-plugins", filepath.Dir(file)))); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(dir, filepath.Base(file))
	text, err := os.ReadFile(copied)
	if err != nil || !strings.Contains(string(text), right) {
		t.Fatalf("%s has no %q any more (%v): choose another mistake", file, right, err)
	}
	if err := os.WriteFile(copied, []byte(strings.Replace(string(text), right, wrong, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, interpreters[filepath.Ext(file)].conformance)
}
