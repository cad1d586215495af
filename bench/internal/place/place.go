package place

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
)

// A Placement is where the measuring process and the process that it calls run.
type Placement string

// The placements. Waking a thread on the same core is an order of magnitude cheaper than waking one on a core that has halted.
const (
	OneCore     Placement = "one core"      // both on the same one
	OneCoreEach Placement = "one core each" // each on its own
	Free        Placement = "free"          // wherever the kernel puts them
)

// CoreEnv is the variable that has a process which is called take a core for itself. A measuring process has it, too, to pass it on.
const CoreEnv = "BENCH_CORE"

// TakeCore moves this process to the core that CoreEnv names, if it names one. It is for the start of main.
func TakeCore() error {
	text := os.Getenv(CoreEnv)
	if text == "" {
		return nil
	}
	core, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("%s is %q: want the number of a core", CoreEnv, text)
	}
	if err := moveTo(core); err != nil {
		return fmt.Errorf("move to core %d: %w", core, err)
	}
	runtime.GOMAXPROCS(1)
	return nil
}
