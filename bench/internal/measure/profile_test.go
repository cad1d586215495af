package measure

import "testing"

func TestASampleIsOfTheKindThatItsStackTells(t *testing.T) {
	const syscall = "internal/runtime/syscall/linux.Syscall6"
	for what, c := range map[string]struct {
		stack []string
		want  int
	}{
		"a read":                {[]string{syscall, "syscall.RawSyscall6", "syscall.read", "syscall.Read", "internal/poll.(*FD).Read"}, toRead},
		"a write":               {[]string{syscall, "syscall.write", "internal/poll.(*FD).Write", "net.(*conn).Write"}, toWrite},
		"a wait":                {[]string{"internal/runtime/syscall/linux.EpollWait", "runtime.netpoll", "runtime.findRunnable"}, toWait},
		"a lock of the sweeper": {[]string{"runtime.unlock2", "runtime.goschedImpl", "runtime.bgsweep"}, toRemember},
		"a page that is new":    {[]string{"runtime.memclrNoHeapPointers", "runtime.mallocgc", "runtime.makeslice"}, toRemember},
		"a switch":              {[]string{"runtime.findRunnable", "runtime.schedule", "runtime.park_m", "runtime.mcall"}, toSchedule},
		"our own":               {[]string{"github.com/go-hotplug/hotplug/rpc.(*Conn).start"}, ours},
		"another's":             {[]string{"github.com/vmihailenco/msgpack/v5.(*Encoder).Encode"}, elsewhere},
		"nothing":               {nil, elsewhere},
	} {
		if got := kindOf(c.stack); got != c.want {
			t.Errorf("%s: %q, want %q", what, kinds[got], kinds[c.want])
		}
	}
}
