package proc

// What finds and divides control groups, by files and folders of a test's making.
var (
	OwnGroup    = ownGroup
	Divisible   = divisible
	NewGroup    = newGroup
	SweepGroups = sweepGroups
)

// Overrun is fence.overrun of a group's folder.
func Overrun(dir string) bool { return (&fence{dir: dir}).overrun() }

// DiesAlone and DumpsAlone are whether a process that a rule of seccomp ends while it starts leaves its host alone, here and with another kernel.
var (
	DiesAlone  = diesAlone
	DumpsAlone = dumpsAlone
)
