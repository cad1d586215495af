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
