package report_test

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/go-hotplug/hotplug/bench/internal/report"
)

var update = flag.Bool("update", false, "write testdata anew")

func TestThePageOfASmallRunIsTheOneInTestdata(t *testing.T) {
	r, err := report.Read("testdata/small.json")
	if err != nil {
		t.Fatal(err)
	}
	got := report.Page(r, "## Why\n\nBy hand.\n")
	if *update {
		if err := os.WriteFile("testdata/small.md", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/small.md")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the page is now as follows; if that is right, run go test ./bench/internal/report -update\n%s", got)
	}
}

func TestARunIsReadAsItWasWritten(t *testing.T) {
	r, err := report.Read("testdata/small.json")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "results.json")
	if err := r.Write(file); err != nil {
		t.Fatal(err)
	}
	again, err := report.Read(file)
	if err != nil || !reflect.DeepEqual(again, r) {
		t.Errorf("%v: read %+v, want %+v", err, again, r)
	}
}

func TestNoMoreDigitsAreWrittenThanMeanSomething(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results.json")
	r := report.Results{}
	r.Rows = append(r.Rows, row("g", "c", "v", "free", "µs", 12.3456789, 1.0/3, 2e9))
	if err := r.Write(file); err != nil {
		t.Fatal(err)
	}
	again, err := report.Read(file)
	if want := []float64{12.35, 0.3333, 2e9}; err != nil || !reflect.DeepEqual(again.Rows[0].Values, want) {
		t.Errorf("%v, %+v; want %v", err, again.Rows, want)
	}
	if r.Rows[0].Values[0] != 12.3456789 {
		t.Error("writing changed the run itself")
	}
}
