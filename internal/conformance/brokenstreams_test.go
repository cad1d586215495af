package conformance_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-hotplug/hotplug/internal/conformance"
	"github.com/go-hotplug/hotplug/internal/proc"
)

// streamMistakes are texts of package rpc, made wrong when HOTPLUG_MISTAKE has the mistake's name, and the case that has to notice. In wrong, WRONG
// stands for that condition.
var streamMistakes = map[string]struct{ file, right, wrong, fails string }{
	"sends without credit":               {"window.go", `if o.left.open() {`, `if o.left.open() || WRONG {`, "streams/20-held-by-items"},
	"sends without bytes":                {"window.go", `return w.items > 0 && w.bytes > 0`, `return w.items > 0 && (w.bytes > 0 || WRONG)`, "streams/22-no-credit-to-begin-with"},
	"sends with no byte left":            {"window.go", `o.left.add(-1, -int64(size))`, `o.left.add(-1, -int64(size)); if WRONG { o.left.bytes++ }`, "streams/21-held-by-bytes"},
	"counts terminators":                 {"window.go", `return buf.Len() - c.framing`, `if WRONG { return buf.Len() }; return buf.Len() - c.framing`, "streams/21-held-by-bytes"},
	"sends nothing larger than its room": {"items.go", `for room, ok := in.down.spend(in.conn.size(buf)); !ok;`, `for room, ok := in.down.spend(in.conn.size(buf)); !ok || (WRONG && in.conn.size(buf) > 1000);`, "streams/44-larger-than-the-window"},
	"forgets what is left of its credit": {"window.go", `o.left.add(int64(f.Meta.Items), int64(f.Meta.Bytes))`, `if WRONG { o.left.items = 0 }; o.left.add(int64(f.Meta.Items), int64(f.Meta.Bytes))`, "streams/23-credit-adds-up"},
	"takes any credit":                   {"window.go", `if f.Meta.Items > uint64(maxCredit-o.left.items) ||`, `if !WRONG && f.Meta.Items > uint64(maxCredit-o.left.items) ||`, "streams/25-too-much-credit"},
	"gives nothing back":                 {"items.go", "in.conn.grant(wire.UploadCredit, in.frame.Tx, in.up)\n\t\t\treturn", "if !WRONG { in.conn.grant(wire.UploadCredit, in.frame.Tx, in.up) }\n\t\t\treturn", "streams/32-upload-of-many"},
	"gives two windows":                  {"window.go", `w, i.owed = i.owed, window{}`, `w, i.owed = i.owed, window{}; if WRONG { w.items *= 2 }`, "streams/45-window-of-items"},
	"takes items without credit":         {"window.go", `if i.ended || !i.left.open() {`, `if i.ended || !(WRONG || i.left.open()) {`, "streams/50-beyond-the-credit"},
	"does not count the bytes it takes":  {"window.go", `i.left.add(-1, -int64(len(buf.B)))`, `i.left.add(-1, -int64(len(buf.B))); if WRONG { i.left.bytes += int64(len(buf.B)) }`, "streams/51-beyond-the-credit-in-bytes"},
	"takes items behind the end":         {"window.go", "i.ended = true\n", "i.ended = !WRONG\n", "streams/52-item-behind-the-end"},
	"takes any number of ends":           {"window.go", "if i.ended {\n\t\treturn protocolError(\"stream %s: a second end\"", "if i.ended && !WRONG {\n\t\treturn protocolError(\"stream %s: a second end\"", "streams/53-second-end"},
	"takes items for what has none":      {"items.go", "found = in.up\n\t}\n", "found = in.up\n\t}\n\tif found == nil && WRONG { return nil, nil }\n", "streams/54-upload-to-a-stream"},
	"takes credit for what sends none":   {"items.go", "found = in.down\n\t}\n", "found = in.down\n\t}\n\tif found == nil && WRONG { return nil, nil }\n", "streams/55-credit-for-an-upload"},
	"ends at what comes late":            {"items.go", "buf.Release()\n\t\treturn err\n", "buf.Release()\n\t\tif WRONG { return noSuchStream(&f) }\n\t\treturn err\n", "streams/35-answered-early"},
	"ends a stream with a result":        {"items.go", `if in.down != nil {`, `if in.down != nil && !WRONG {`, "streams/10-items"},
	"sends an item twice":                {"items.go", "if err := in.conn.out.send(ctx, buf, nested", "if WRONG { if again, err := in.conn.itemFrame(ctx, in.about, wire.Frame{Kind: wire.Item, Tx: in.frame.Tx}, item); err == nil { _ = in.conn.out.send(ctx, again, nested, now) } }\n\tif err := in.conn.out.send(ctx, buf, nested", "streams/12-many-items"},
	"reports unasked":                    {"items.go", `if f.Meta.Progress {`, `if f.Meta.Progress || WRONG {`, "streams/92-progress-unasked"},
	"keeps the last report back":         {"progress.go", `b.latest = &p` + "\n", `if !WRONG || p.Done != p.Total { b.latest = &p }` + "\n", "streams/90-progress"},
	"counts backwards":                   {"progress.go", `p := *b.latest`, `p := *b.latest; if WRONG { p.Done = p.Total - p.Done }`, "streams/91-much-progress"},
	"takes any number of streams":        {"serve.go", `if l.serving >= l.most {`, `if l.serving >= l.most && !WRONG {`, "streams/75-limit"},
	"counts streams as calls":            {"serve.go", `if in.opens != "" {` + "\n\t\treturn", `if in.opens != "" && !WRONG {` + "\n\t\treturn", "streams/76-limit-beside-calls"},
	"answers a stream twice":             {"serve.go", "c.answer(in, out, how)\n", "c.answer(in, out, how)\n\tif WRONG && in.opens != \"\" { c.answer(in, out, how) }\n", "streams/11-no-items"},
	"forgets the deadline of a stream":   {"scope.go", `if m.Deadline > 0 {`, `if m.Deadline > 0 && !(WRONG && m.Opens != "") {`, "streams/73-deadline"},
	"ignores the cancel of a stream":     {"loop.go", `c.cancelServing(f.Tx)`, `if !WRONG { c.cancelServing(f.Tx) }`, "streams/70-cancel"},
	"opens what was called":              {"handler.go", `if sent != want {`, `if sent != want && !(WRONG && sent == "") {`, "streams/62-call-of-a-stream"},
	"calls what was opened":              {"handler.go", `want = ""` + "\n", `want = ""; if WRONG { want = sent }` + "\n", "streams/61-stream-of-a-call"},
	"ends streams at a goodbye":          {"goodbye.go", `if c.opt.OnGoodbye == nil {`, "if WRONG { for tx := range c.serving { c.cancelServing(tx) } }\n\tif c.opt.OnGoodbye == nil {", "streams/80-goodbye"},
}

// mistakeFile is a file more of package rpc.
const mistakeFile = "package rpc\n\nimport \"os\"\n\nfunc hasMistake(name string) bool { return os.Getenv(\"HOTPLUG_MISTAKE\") == name }\n"

func TestAPluginWhoseStreamsAreWrongFailsTheCaseAboutIt(t *testing.T) {
	if testing.Short() || !proc.Inherits {
		t.Skip("it builds package rpc anew")
	}
	path := mistaken(t)
	if r := withMistake(t, path, "none", "streams/"); r == nil || r.Failed+r.NotClaimed != 0 {
		t.Fatalf("without a mistake some cases fail, or are not claimed: %+v", r)
	}
	slots := make(chan struct{}, 6) // more than there are processors: a case that fails waits most of its time
	var all sync.WaitGroup
	for name, m := range streamMistakes {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if r := withMistake(t, path, name, m.fails); r != nil && (r.Passed != 0 || r.NotClaimed != 0 || r.Failed == 0) {
				t.Errorf("%s: it passes %s, want failed", name, m.fails)
			}
		})
	}
	all.Wait()
}

// withMistake plays cases; nil says that it could not, and the test has failed.
func withMistake(t *testing.T, path, mistake, cases string) *conformance.Report {
	target := conformance.Target{Path: path, Env: []string{"HOTPLUG_MISTAKE=" + mistake}}
	report, err := conformance.Run(t.Context(), target, conformance.Options{Cases: cases})
	if err != nil {
		t.Errorf("%s: %v", mistake, err)
	}
	return report
}

// mistaken builds the conformist with all mistakes in it, of which HOTPLUG_MISTAKE chooses one.
func mistaken(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	rpc, err := filepath.Abs("../../rpc")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"mistake.go": mistakeFile}
	for name, m := range streamMistakes {
		if texts[m.file] == "" {
			texts[m.file] = read(t, filepath.Join(rpc, m.file))
		}
		if strings.Count(texts[m.file], m.right) != 1 {
			t.Fatalf("%s does not have %q once any more: choose another mistake for %q", m.file, m.right, name)
		}
		wrong := strings.ReplaceAll(m.wrong, "WRONG", `hasMistake("`+name+`")`)
		texts[m.file] = strings.Replace(texts[m.file], m.right, wrong, 1)
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for name, text := range texts {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		overlay.Replace[filepath.Join(rpc, name)] = file
	}
	return buildOver(t, dir, overlay)
}

func buildOver(t *testing.T, dir string, overlay any) string {
	t.Helper()
	text, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	file, path := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "mistaken")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "build", "-overlay", file, "-o", path, "github.com/go-hotplug/hotplug/e2e/internal/conformist").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
