package lockfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// checkKeys refuses valid JSON in which an object has a key twice, of which encoding/json would silently take the last, in whatever case: whoever looks at the
// file may have looked at the first.
func checkKeys(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var open []map[string]bool // keys of each object around, nil of an array
	wantKey := false
	for {
		token, err := d.Token()
		if err != nil { // its end
			return nil
		}
		switch t := token.(type) {
		case json.Delim:
			open = around(open, t)
		case string:
			if !wantKey {
				break
			}
			keys := open[len(open)-1]
			if keys[fold(t)] {
				return fmt.Errorf("line %d: the key %q is there twice: look which of the two is meant, and remove the other", 1+bytes.Count(text[:d.InputOffset()], []byte("\n")), t)
			}
			keys[fold(t)], wantKey = true, false
			continue
		}
		wantKey = len(open) > 0 && open[len(open)-1] != nil
	}
}

// around is what is open after a bracket.
func around(open []map[string]bool, bracket json.Delim) []map[string]bool {
	switch bracket {
	case '{':
		return append(open, map[string]bool{})
	case '[':
		return append(open, nil)
	}
	return open[:len(open)-1]
}

// fold is the same for all spellings of a key that encoding/json takes for one.
func fold(key string) string { return strings.ToLower(strings.ToUpper(key)) }
