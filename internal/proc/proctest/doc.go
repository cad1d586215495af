// Package proctest starts processes that are Go functions, for tests of code that uses package proc.
//
//	procs := proctest.New(func(c *proctest.Child) int {
//		fmt.Fprintln(c.Stderr, "listening")
//		<-c.Terminated()
//		return 0
//	})
//	defer procs.Wait()
//	p, err := procs.Start(proc.Spec{Path: "greeter"})
//
// Everything is in memory and waits on channels and conditions only, so it works in a testing/synctest
// bubble: a fake process that waits is durably blocked. What a fake keeps of a real process:
//
//   - Its output goes through pipes of 64 KiB: it blocks on a full one until somebody reads or the
//     process is killed.
//   - Kill ends it at once, whatever its function does; the function is told by its context, and what it
//     writes afterwards gets io.ErrClosedPipe. Terminate is only a request.
//   - With Spec.Shutdown, Close is a kill; without, the function sees HostGone.
//   - A panic of its function is an exit status 2 with the panic on stderr, as in a real Go program.
package proctest
