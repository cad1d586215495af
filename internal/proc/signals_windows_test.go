package proc_test

import "os"

var terminating = []os.Signal{os.Interrupt}
