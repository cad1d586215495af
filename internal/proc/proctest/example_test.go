package proctest_test

import (
	"fmt"

	"github.com/go-hotplug/hotplug/internal/proc"
	"github.com/go-hotplug/hotplug/internal/proc/proctest"
)

func Example() {
	procs := proctest.New(func(c *proctest.Child) int {
		fmt.Fprintln(c.Stderr, "listening")
		<-c.Terminated()
		return 0
	})
	defer procs.Wait()
	p, err := procs.Start(proc.Spec{Path: "greeter"})
	if err != nil {
		panic(err)
	}
	_ = p.Terminate()
	<-p.Done()
	fmt.Println(p.Exit())
	// Output: exit status 0
}
