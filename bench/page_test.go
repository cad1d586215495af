package main

import (
	"os"
	"testing"

	"github.com/go-hotplug/hotplug/bench/internal/report"
)

func TestTheDocumentIsMadeOfTheResultsThatAreCheckedIn(t *testing.T) {
	r, err := report.Read("results.json")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("page.md")
	if err != nil {
		t.Fatal(err)
	}
	have, err := os.ReadFile("../docs/benchmarks.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != report.Page(r, string(text)) {
		t.Error("docs/benchmarks.md is not what bench page makes of bench/results.json and bench/page.md: run make bench-page")
	}
}

func TestBarsOfTheResultsAreThoseOfTheirRows(t *testing.T) {
	r, err := report.Read("results.json")
	if err != nil {
		t.Fatal(err)
	}
	bars := report.Judge(r.Rows)
	if len(bars) != len(r.Bars) {
		t.Fatalf("results.json has %d bars, its rows make %d: run make bench", len(r.Bars), len(bars))
	}
	for i, b := range bars {
		if b.Bar != r.Bars[i].Bar || b.Met != r.Bars[i].Met {
			t.Errorf("results.json has %+v, its rows make %+v: run make bench", r.Bars[i], b)
		}
	}
}

func TestFlagsThatMeanNothingAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-only", "("}, {"surplus"}, {"-placement", "the moon"}, {"-part", "half"}} {
		if _, err := choose(args); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
	if c, err := choose([]string{"-quick", "-reps", "3", "-part", "life", "-placement", "one core"}); err != nil || !c.quick || c.reps != 3 {
		t.Errorf("%+v, %v", c, err)
	}
}
