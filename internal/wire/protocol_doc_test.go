package wire_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/lifecycle"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/plugin"
	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/shape"
)

// An example is one fenced block of docs/protocol.md.
type example struct {
	line int // of its fence
	info string
	text string
}

func document(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// examples returns the document's blocks whose fence begins with these words. There must be at least one.
func examples(t *testing.T, words string) []example {
	t.Helper()
	var found []example
	var open *example
	for i, line := range strings.Split(document(t), "\n") {
		info, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && open == nil:
			open = &example{line: i + 1, info: info}
		case isFence:
			if strings.HasPrefix(open.info+" ", words+" ") {
				found = append(found, *open)
			}
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	if len(found) == 0 {
		t.Fatalf("docs/protocol.md has no example fenced as ```%s", words)
	}
	return found
}

// lines are the example's lines that are not empty.
func (e example) lines() []string {
	return strings.FieldsFunc(e.text, func(r rune) bool { return r == '\n' })
}

// compact is the example on one line, as it is on the wire.
func (e example) compact(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(e.text)); err != nil {
		t.Fatalf("docs/protocol.md:%d: %v", e.line, err)
	}
	return b.String()
}

// sameJSON checks that a record has every field that the example has, and with the same value.
func (e example) sameJSON(t *testing.T, record any) {
	t.Helper()
	written, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := json.Unmarshal(written, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(e.text), &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("docs/protocol.md:%d: the code makes of it\n%s", e.line, written)
	}
}

func TestProtocolDocumentShowsStartupDataThatIsRead(t *testing.T) {
	for _, e := range examples(t, "json startup") {
		s, err := wire.ParseStartup([]byte(e.compact(t)))
		if err != nil {
			t.Errorf("docs/protocol.md:%d: %v", e.line, err)
			continue
		}
		e.sameJSON(t, s)
	}
}

func TestProtocolDocumentShowsHandshakeLinesThatAreRead(t *testing.T) {
	for _, e := range examples(t, "json hello host->plugin") {
		h, err := wire.ReadHostHello(wire.NewReader(strings.NewReader(e.compact(t) + "\n")))
		if err != nil {
			t.Errorf("docs/protocol.md:%d: %v", e.line, err)
			continue
		}
		e.sameJSON(t, h)
	}
	for _, e := range examples(t, "json hello plugin->host") {
		h, err := wire.ReadPluginHello(wire.NewReader(strings.NewReader(e.compact(t) + "\n")))
		if refusal, ok := err.(*wire.Refusal); ok {
			h = &wire.PluginHello{Error: refusal}
		} else if err != nil {
			t.Errorf("docs/protocol.md:%d: %v", e.line, err)
			continue
		}
		e.sameJSON(t, h)
	}
}

func TestProtocolDocumentShowsADescriptionAsItIsPrinted(t *testing.T) {
	for _, e := range examples(t, "json describe") {
		var d plugin.Description
		if err := json.Unmarshal([]byte(e.text), &d); err != nil {
			t.Errorf("docs/protocol.md:%d: %v", e.line, err)
		}
		e.sameJSON(t, &d)
	}
}

func TestProtocolDocumentShowsTheSentencesOfTheCode(t *testing.T) {
	text := document(t)
	_, version := wire.PickVersion([]int{2, 3})
	missing := wire.CheckUses([]wire.Message{{Name: "host.readAsset"}}, nil, true)
	for _, err := range []error{wire.SerializerMismatch("A", "B"), version, missing} {
		if !strings.Contains(text, "`"+err.Error()+"`") {
			t.Errorf("docs/protocol.md does not have the sentence %q", err)
		}
	}
}

// Every line of JSON frames is what the code writes for what it reads in it.
func TestProtocolDocumentShowsJSONFramesAsTheyAreWritten(t *testing.T) {
	format := wire.FormatOf(codec.JsonSerializer{})
	for _, direction := range []string{"json host->plugin", "json plugin->host", "json golden"} {
		for _, e := range examples(t, direction) {
			for _, line := range e.lines() {
				f, err := format.Decode([]byte(line))
				if err != nil {
					t.Errorf("docs/protocol.md:%d: %v in %s", e.line, err, line)
					continue
				}
				var payload any
				if f.Payload != nil {
					payload = json.RawMessage(f.Payload)
				}
				if got, err := format.Append(nil, &f, payload, wire.DefaultMaxFrame); err != nil || string(got) != line+"\n" {
					t.Errorf("docs/protocol.md:%d: the code writes (%v)\n%snot\n%s", e.line, err, got, line)
				}
			}
		}
	}
}

func TestProtocolDocumentQuotesTheGoldenFrames(t *testing.T) {
	var all strings.Builder
	for _, frame := range readGolden(t, "json.txt") {
		all.Write(frame)
	}
	for _, e := range examples(t, "json golden") {
		for _, line := range e.lines() {
			if !strings.Contains("\n"+all.String(), "\n"+line+"\n") {
				t.Errorf("docs/protocol.md:%d: not one of testdata/golden/json.txt: %s", e.line, line)
			}
		}
	}
	packed, user := readGolden(t, "messagepack.txt"), readGolden(t, "user-terminator.txt")
	for _, e := range examples(t, "hex") {
		if name := strings.TrimPrefix(e.info, "hex "); !bytes.Equal(e.dump(t), packed[name]) {
			t.Errorf("docs/protocol.md:%d: %q is % x in testdata/golden/messagepack.txt", e.line, name, packed[name])
		}
	}
	for _, e := range examples(t, "text user-terminator") {
		name := strings.TrimPrefix(e.info, "text user-terminator ")
		if got := strings.ReplaceAll(strings.TrimSpace(e.text), "⏎", "\n"); got != string(user[name]) {
			t.Errorf("docs/protocol.md:%d: %q is %q in testdata/golden/user-terminator.txt", e.line, name, user[name])
		}
	}
}

// dump is the bytes of an annotated hex dump: what stands before the # of each line.
func (e example) dump(t *testing.T) []byte {
	t.Helper()
	var digits string
	for _, line := range e.lines() {
		bytes, _, _ := strings.Cut(line, "#")
		digits += strings.ReplaceAll(bytes, " ", "")
	}
	b, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatalf("docs/protocol.md:%d: %v", e.line, err)
	}
	return b
}

func TestProtocolDocumentShowsShapesInBothForms(t *testing.T) {
	for _, e := range examples(t, "text shapes") {
		for _, line := range e.lines() {
			form, text, _ := strings.Cut(line, "  ")
			var s shape.Shape
			if err := json.Unmarshal([]byte(form), &s); err != nil {
				t.Errorf("docs/protocol.md:%d: %s: %v", e.line, form, err)
				continue
			}
			if again, err := json.Marshal(&s); err != nil || string(again) != form || s.String() != strings.TrimSpace(text) {
				t.Errorf("docs/protocol.md:%d: %s is %s and %s (%v)", e.line, line, again, &s, err)
			}
		}
	}
}

// table returns the rows of the first table behind a heading: their cells, without backquotes.
func table(t *testing.T, heading string) [][]string {
	t.Helper()
	_, rest, found := strings.Cut(document(t), "\n"+heading+"\n")
	if !found {
		t.Fatalf("docs/protocol.md has no heading %q", heading)
	}
	_, rest, _ = strings.Cut(rest, "| --- ")
	_, rest, _ = strings.Cut(rest, "\n")
	var rows [][]string
	for line := range strings.SplitSeq(rest, "\n") {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(strings.ReplaceAll(line, "`", ""), "| "), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	if len(rows) == 0 {
		t.Fatalf("docs/protocol.md has no table behind %q", heading)
	}
	return rows
}

func TestProtocolDocumentListsEveryKind(t *testing.T) {
	listed := map[wire.Kind]bool{}
	for _, row := range table(t, "## Kinds") {
		n, err := strconv.ParseUint(row[0], 10, 8)
		if k := wire.Kind(n); err != nil || !k.Known() || k.String() != row[1] {
			t.Errorf("kind %s is %s in the code, %q in docs/protocol.md (%v)", row[0], k, row[1], err)
		}
		listed[wire.Kind(n)] = true
	}
	for n := range 256 {
		if k := wire.Kind(n); k.Known() && !listed[k] {
			t.Errorf("docs/protocol.md does not list kind %d, %s", n, k)
		}
	}
	if wire.FirstIgnorable != 64 {
		t.Errorf("docs/protocol.md says that kinds from 64 up are ignored, the code says %d", wire.FirstIgnorable)
	}
}

func TestProtocolDocumentListsEveryLimitOfTheCode(t *testing.T) {
	want := map[string]int64{
		"maxStartup": wire.MaxStartup, "maxHello": wire.MaxHello, "handshake": wire.HandshakeTimeout.Milliseconds(),
		"helloMessages": wire.MaxMessages, "helloParts": wire.MaxParts, "helloFeatures": wire.MaxFeatures, "helloVersions": wire.MaxVersions,
		"maxFrame": wire.DefaultMaxFrame, "inflight": wire.DefaultInflight,
		"streams": wire.DefaultStreams, "streamItems": wire.DefaultStreamItems, "streamBytes": wire.DefaultStreamBytes,
		"noticeWindow": integer(t, "../../rpc/notice.go", "noticeWindow"), "noticeBytes": integer(t, "../../rpc/notice.go", "noticeBytes"),
		"depth": codec.MaxDepth, "headers": wire.MaxHeaders, "causes": integer(t, "../../rpc/error.go", "maxCauses"),
		"shapeDepth": shape.MaxDepth, "shapeParts": shape.MaxNodes, "shapeName": shape.MaxName, "shapeBytes": shape.MaxBytes,
	}
	number := regexp.MustCompile(`^[0-9,]+`)
	for _, row := range table(t, "## Limits") {
		value, known := want[row[0]]
		if !known && row[0] != "socketPath" { // of the operating system; package host checks it
			t.Errorf("docs/protocol.md lists a limit %q that this test does not know", row[0])
		}
		if got := strings.ReplaceAll(number.FindString(row[1]), ",", ""); known && got != strconv.FormatInt(value, 10) {
			t.Errorf("limit %s is %d in the code, %s in docs/protocol.md", row[0], value, row[1])
		}
		delete(want, row[0])
	}
	for name := range want {
		t.Errorf("docs/protocol.md does not list the limit %s", name)
	}
}

func TestProtocolDocumentListsEveryErrorCode(t *testing.T) {
	listed := map[string]bool{}
	for _, row := range table(t, "## Errors") {
		listed[row[0]] = true
	}
	e := reflect.TypeFor[rpc.Error]()
	for i := range e.NumField() {
		if name, _, _ := strings.Cut(e.Field(i).Tag.Get("json"), ","); name != "" && !listed[name] {
			t.Errorf("docs/protocol.md does not list the field %s of the error record", name)
		}
	}
	text := document(t)
	codes := constants(t, "../../rpc/error.go", "Code")
	if len(codes) == 0 {
		t.Fatal("no codes in rpc/error.go")
	}
	for _, code := range codes {
		if !strings.Contains(text, "\n| `"+code+"` | ") {
			t.Errorf("docs/protocol.md does not list the code %s", code)
		}
	}
}

func TestProtocolDocumentListsEveryFeatureWithItsCall(t *testing.T) {
	want := map[string]string{
		lifecycle.FeatureStart: string(lifecycle.Start), lifecycle.FeatureConfigure: string(lifecycle.Configure), lifecycle.FeatureRestore: string(lifecycle.Restore),
		lifecycle.FeatureHealth: string(lifecycle.Health), lifecycle.FeatureSnapshot: string(lifecycle.Snapshot), lifecycle.FeatureRelease: string(lifecycle.Release),
		lifecycle.FeatureResume: string(lifecycle.Resume), lifecycle.FeaturePark: "",
	}
	for _, row := range table(t, "## Reserved names and features") {
		if call, known := want[row[0]]; !known || call != row[1] {
			t.Errorf("docs/protocol.md says that the feature %s has the call %q, the code says %q", row[0], row[1], call)
		}
		delete(want, row[0])
	}
	for feature := range want {
		t.Errorf("docs/protocol.md does not list the feature %s", feature)
	}
}

func TestProtocolDocumentListsEveryExitCode(t *testing.T) {
	var got []string
	for _, row := range table(t, "### Exit codes") {
		got = append(got, row[0])
	}
	want := []string{"0"}
	for _, code := range []int{plugin.ExitUsage, plugin.ExitData, plugin.ExitUnavailable, plugin.ExitSoftware, plugin.ExitConfig} {
		want = append(want, strconv.Itoa(code))
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("exit codes: docs/protocol.md has %v, the code %v", got, want)
	}
}

// values returns the expressions of a file's constants, by name, and the types that they are declared with.
func values(t *testing.T, file string) (expr, typ map[string]string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	expr, typ = map[string]string{}, map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.ValueSpec); ok && len(s.Values) == 1 {
			expr[s.Names[0].Name] = types.ExprString(s.Values[0])
			if s.Type != nil {
				typ[s.Names[0].Name] = types.ExprString(s.Type)
			}
		}
		return true
	})
	return expr, typ
}

// integer is a constant that its package does not export.
func integer(t *testing.T, file, name string) int64 {
	t.Helper()
	expr, _ := values(t, file)
	v, err := types.Eval(token.NewFileSet(), nil, token.NoPos, expr[name])
	if err != nil {
		t.Fatalf("%s: %s: %v", file, name, err)
	}
	n, _ := constant.Int64Val(v.Value)
	return n
}

// constants are the names of a file's constants of one type.
func constants(t *testing.T, file, typ string) []string {
	t.Helper()
	_, types := values(t, file)
	var names []string
	for name, of := range types {
		if of == typ {
			names = append(names, name)
		}
	}
	return names
}
