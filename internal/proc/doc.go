// Package proc starts, signals and reaps the processes that plugins run in; it is the only code of
// the host that differs between operating systems, and it stands behind an interface so that the
// host's tests can use processes that are plain functions (package proctest).
//
//	p, err := proc.OS.Start(proc.Spec{Path: "/store/1f/greeter", Dir: "/plugins/greeter", Shutdown: true})
//	if err != nil {
//		return err
//	}
//	defer p.Close()
//	go io.Copy(os.Stderr, p.Stderr())
//	go io.Copy(os.Stdout, p.Stdout())
//	<-p.Done()
//	fmt.Println(p.Exit()) // "exit status 3", "killed by SIGKILL"
//
// What holds for every process:
//
//   - It leads a session and a process group of its own; Terminate and Kill reach the whole group,
//     also when the leader is gone already.
//   - It inherits descriptors 0 to 4 and no other: standard input is the null device, 1 and 2 are
//     pipes (or the files that the Spec names), 3 is the listening socket, 4 the lifeline. For that, each
//     Start marks as close-on-exec what the host has open above 2 and is not, for all that it starts: what
//     it inherited itself, and what the application opened by C, dup or syscall.Open. What a thread opens
//     in such a way between that and the fork, without holding syscall.ForkLock, is inherited.
//   - Its umask is the host's: to set another between fork and exec is not possible in Go.
//   - It is reaped, by one goroutine that Start begins and that ends with the process.
//   - A descendant that keeps stdout or stderr open never hangs their readers.
//
// # The lifeline
//
// Descriptor 4 is the read end of a pipe whose write end the host alone holds. The host writes the
// start-up line to it before the process starts, and nothing afterwards. Its end of file means that
// the host is gone, however it went.
//
// With Spec.Shutdown, on Linux, the kernel acts on that end of file by itself: after the start the
// host sets, on the pipe's read end, the process group as its owner (F_SETOWN), SIGKILL as its signal
// (F_SETSIG), and O_ASYNC. When the write end closes, also because the host was killed, the kernel
// sends SIGKILL to every process of the group, stopped ones included, without any code of the plugin
// having to run. These settings belong to the pipe's open file description, which the process shares:
//
//   - A write to the pipe would set them off too. That is why nothing is written after the start.
//   - Process.Close on a live process with Spec.Shutdown closes the write end, and so is a kill.
//   - A process may set them again. A plugin with a Stop hook asks for SIGCONT instead of SIGKILL: it sees the end of
//     file itself, has a short grace for its Stop hook, and then kills its own group; SIGCONT only wakes
//     it if it was stopped.
//   - They end with the last copy of the read end. A group whose leader closed descriptor 4 and passed
//     it to nobody is no longer covered; Kill still reaches it.
//   - Between the start and these settings lie some microseconds in which a host that dies leaves a
//     process which must see the end of file itself. One with limits ends with the thread that started it, which nothing else uses
//     (PR_SET_PDEATHSIG); but one with limits and without Spec.Shutdown may be left waiting to be traced, and has to be killed by hand.
//
// On macOS and the other Unix systems the process has to watch for the end of file itself. On Windows
// no descriptor is inherited: the start-up line travels in the environment, and a job object with
// KILL_ON_JOB_CLOSE does what the lifeline does on Linux.
package proc
