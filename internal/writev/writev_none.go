//go:build !unix

package writev

// Available says that there is no Write.
const Available = false
