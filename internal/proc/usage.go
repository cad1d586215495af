package proc

import "time"

// A Usage is what a process takes of its machine, at one moment.
type Usage struct {
	Memory      int64         // resident, in bytes
	CPU         time.Duration // in user and kernel mode, since its start
	Descriptors int           // open
}
