package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-hotplug/hotplug/sample-plugins/markdown/markdownapi"
)

func TestTOC(t *testing.T) {
	for _, test := range []struct {
		name   string
		levels []int
		want   string // depths
	}{
		{"nothing", nil, ""},
		{"too short to need one", []int{1, 2, 2}, ""},
		{"the title is left out", []int{1, 2, 3, 2}, "0 1 0"},
		{"a title among its like is not", []int{1, 2, 1, 1}, "0 1 0 0"},
		{"all of one level", []int{2, 2, 2}, "0 0 0"},
		{"what is too deep", []int{1, 2, 3, 4, 5, 6, 2}, "0 1 2 0"},
		{"a document that begins below its title", []int{3, 1, 2, 2}, "2 0 1 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var headings []markdownapi.Heading
			for i, level := range test.levels {
				headings = append(headings, markdownapi.Heading{Level: level, ID: fmt.Sprint("h", i), Text: "x"})
			}
			var got []string
			for _, e := range toc(headings) {
				got = append(got, fmt.Sprint(e.Depth))
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("depths %q, want %q", got, test.want)
			}
		})
	}
}
