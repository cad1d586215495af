package proc

import "os"

// readNow has nothing to do: a Windows pipe knows no deadlines, so no read runs into one.
func readNow(*os.File, []byte) (int, error) { return 0, nil }
