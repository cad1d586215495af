package proc_test

import (
	"fmt"
	"io"
	"os"

	"github.com/go-hotplug/hotplug/internal/proc"
)

func Example() {
	run := func() error {
		p, err := proc.OS.Start(proc.Spec{Path: "/store/1f/greeter", Dir: "/plugins/greeter", Shutdown: true})
		if err != nil {
			return err
		}
		defer p.Close()
		go io.Copy(os.Stderr, p.Stderr())
		go io.Copy(os.Stdout, p.Stdout())
		<-p.Done()
		fmt.Println(p.Exit()) // "exit status 3", "killed by SIGKILL"
		return nil
	}
	_ = run
}
