package hotplug_test

import (
	"encoding/json"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/manifest"
)

// A limit is one row of the tables of docs/operations.md.
type limit struct{ what, value, name, atTheLimit, shownBy string }

// limits reads the rows whose table has five columns.
func limits(t *testing.T) (all []limit) {
	t.Helper()
	text, err := os.ReadFile("docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n## Limits\n")
	if !found {
		t.Fatal("docs/operations.md has no section Limits")
	}
	for line := range strings.SplitSeq(section, "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) == 5 && cells[0] != "limit" && !strings.HasPrefix(cells[0], "---") {
			all = append(all, limit{cells[0], cells[1], strings.Trim(cells[2], "`"), cells[3], strings.Trim(cells[4], "`")})
		}
	}
	return all
}

var leadingNumber = regexp.MustCompile(`^[0-9,]+`)

func TestTheTableOfLimitsIsThatOfTheCode(t *testing.T) {
	sources := house(t)
	rows := limits(t)
	if len(rows) < 15 {
		t.Fatalf("docs/operations.md has %d limits: is its table written otherwise now?", len(rows))
	}
	for _, l := range rows {
		want, err := strconv.ParseInt(strings.ReplaceAll(leadingNumber.FindString(l.value), ",", ""), 10, 64)
		if err != nil {
			t.Errorf("%s: the value %q begins with no number", l.what, l.value)
		}
		if got, found := valueOf(t, sources, l.name); found && got != want {
			t.Errorf("%s: docs/operations.md says %d, %s is %d", l.what, want, l.name, got)
		} else if !found && l.name != "the latest" {
			t.Errorf("%s: nothing is called %s", l.what, l.name)
		}
		if !hasTest(sources, l.shownBy) {
			t.Errorf("%s: no test is called %s", l.what, l.shownBy)
		}
		if !strings.Contains(l.atTheLimit, "wait") && !strings.Contains(l.atTheLimit, "refuse") && !strings.Contains(l.atTheLimit, "drop") && l.atTheLimit != "the same" && l.atTheLimit != "logged in pieces" {
			t.Errorf("%s: %q does not say what happens at the limit: wait, refuse, or drop", l.what, l.atTheLimit)
		}
	}
}

func TestEveryLimitOfTheManifestIsInTheTable(t *testing.T) {
	listed := map[string]bool{}
	for _, l := range limits(t) {
		listed[l.name] = true
	}
	for name := range defaultLimits(t) {
		if !listed[name] {
			t.Errorf("docs/operations.md does not list %s", name)
		}
	}
}

// defaultLimits are the limits of a manifest that says nothing, by name; sizes in bytes.
func defaultLimits(t *testing.T) map[string]int64 {
	t.Helper()
	text, err := json.Marshal(manifest.Default().Limits)
	var members map[string]any
	if err == nil {
		err = json.Unmarshal(text, &members)
	}
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]int64, len(members))
	for name, v := range members {
		switch v := v.(type) {
		case float64:
			out["limits."+name] = int64(v)
		case string:
			out["limits."+name] = sizeOf(v)
		}
	}
	return out
}

func sizeOf(text string) int64 {
	n, _ := strconv.ParseInt(strings.TrimRight(text, "KMGiB"), 10, 64)
	for unit, factor := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if strings.HasSuffix(text, unit) {
			return n * factor
		}
	}
	return n
}

// valueOf is the value of limits.NAME of a manifest, or of the constant or variable ROOM.NAME of the sources.
func valueOf(t *testing.T, sources []*source, name string) (int64, bool) {
	t.Helper()
	if v, found := defaultLimits(t)[name]; found {
		return v, true
	}
	dot := strings.LastIndex(name, ".")
	if dot < 0 {
		return 0, false
	}
	for _, s := range sources {
		if s.room() != name[:dot] || s.isTest() {
			continue
		}
		for _, d := range s.file.Decls {
			if v, found := declared(d, name[dot+1:]); found {
				return v, true
			}
		}
	}
	return 0, false
}

// declared is the value that a declaration gives a name, if it is an expression of literals.
func declared(d ast.Decl, name string) (int64, bool) {
	decl, ok := d.(*ast.GenDecl)
	if !ok {
		return 0, false
	}
	for _, spec := range decl.Specs {
		values, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for i, ident := range values.Names {
			if ident.Name != name || i >= len(values.Values) {
				continue
			}
			v, err := types.Eval(token.NewFileSet(), nil, token.NoPos, types.ExprString(values.Values[i]))
			if err != nil {
				return 0, false
			}
			return constant.Int64Val(constant.ToInt(v.Value))
		}
	}
	return 0, false
}

func hasTest(sources []*source, name string) bool {
	for _, s := range sources {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.isTest() && f.Name.Name == name {
				return true
			}
		}
	}
	return false
}
