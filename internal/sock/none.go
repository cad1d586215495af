//go:build !unix

package sock

import "io"

// Gathers says that there is no Write.
const Gathers = false

// NewReader returns r.
func NewReader(r io.Reader) io.Reader { return r }
