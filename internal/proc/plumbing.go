package proc

import (
	"os"
)

// plumbing is every descriptor of one process while it is started.
type plumbing struct {
	stdout, stderr *output    // the host's ends
	lifeline       *os.File   // the host's end of the lifeline; nil where none is inherited
	lifelineRead   *os.File   // the process's end, until it is armed
	child          []*os.File // what the process inherits, by number; nil is a closed descriptor
	lent           []*os.File // the host's copies, which are closed once the process has its own
}

func newPlumbing(spec Spec) (pl *plumbing, err error) {
	pl = &plumbing{stdout: newOutput(nil), stderr: newOutput(nil)}
	defer func() {
		if err != nil {
			pl.closeAll()
		}
	}()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return pl, err
	}
	pl.lent = append(pl.lent, null)
	out, err := pl.addOutput(spec.StdoutFile, pl.stdout)
	if err != nil {
		return pl, err
	}
	errout, err := pl.addOutput(spec.StderrFile, pl.stderr)
	if err != nil {
		return pl, err
	}
	pl.child = []*os.File{null, out, errout}
	return pl, pl.addInherited(spec)
}

// addOutput gives back the file that the process writes to: the caller's own, or a new pipe's end.
func (pl *plumbing) addOutput(file *os.File, o *output) (*os.File, error) {
	if file != nil {
		return file, nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	o.file = r
	pl.lent = append(pl.lent, w)
	return w, nil
}

// closeLent closes the host's copies of what the process inherited.
func (pl *plumbing) closeLent() {
	for _, f := range pl.lent {
		_ = f.Close()
	}
	pl.lent = nil
}

func (pl *plumbing) closeAll() {
	pl.closeLent()
	pl.closeHostEnds()
}

func (pl *plumbing) closeHostEnds() {
	if pl.lifeline != nil {
		_ = pl.lifeline.Close()
	}
	_ = pl.stdout.Close()
	_ = pl.stderr.Close()
}
