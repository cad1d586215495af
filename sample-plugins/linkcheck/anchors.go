package main

import (
	"fmt"
	"strings"
)

// anchors are those of one page, and the same in lower case, by which a slip is found.
type anchors struct {
	ids    map[string]bool
	folded map[string]string
}

func newAnchors(ids []string) anchors {
	a := anchors{ids: map[string]bool{}, folded: map[string]string{}}
	for _, id := range ids {
		a.ids[id] = true
		a.folded[fold(id)] = id
	}
	return a
}

func (a anchors) has(anchor string) bool { return a.ids[anchor] }

// explain says what is wrong with a link to an anchor that is not there, and what its author may have meant.
func (a anchors) explain(t *target) string {
	why := fmt.Sprintf("%s has no #%s", t.path, t.anchor)
	if id, ok := a.folded[fold(t.anchor)]; ok {
		why += fmt.Sprintf(": did you mean #%s?", id)
	}
	return why
}

var separators = strings.NewReplacer("-", "", "_", "", ".", "", " ", "")

// fold is an anchor without what people get wrong in it: case, and what stands between words.
func fold(anchor string) string { return separators.Replace(strings.ToLower(anchor)) }
