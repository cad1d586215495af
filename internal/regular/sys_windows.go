package regular

import "os"

// nonblock is nothing: Windows has no named pipes in folders.
const nonblock = 0

func block(*os.File) error { return nil }
