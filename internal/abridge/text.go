package abridge

import (
	"fmt"
	"strings"
)

// Most is how many bytes of one text are kept, the note about the rest included.
const Most = 4 << 10

// room is for that note.
const room = 64

// Text returns text if it has at most Most bytes. Of a longer one it returns the beginning, which ends between two characters, and how many bytes were
// left out; the memory of the rest is free then. The result never has more than Most bytes.
func Text(text string) string {
	if len(text) <= Most {
		return text
	}
	begin := strings.ToValidUTF8(text[:Most-room], "")
	return fmt.Sprintf("%s ... (%d bytes left out)", begin, len(text)-len(begin))
}
