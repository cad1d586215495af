package life

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// An application is a process with a host, so that its memory and its start are those of a host alone.
type application struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	took time.Duration // of host.Open
	pids []int         // of the plugins, by name
}

// apply starts an application on a ground.
func (g *ground) apply(ctx context.Context) (*application, error) {
	a := &application{cmd: exec.CommandContext(ctx, g.w.program("host"), g.plugins, g.state, g.w.dir)}
	var err error
	if a.in, err = a.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := a.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	a.out = bufio.NewReader(out)
	if err := a.cmd.Start(); err != nil {
		return nil, err
	}
	if err := a.opened(); err != nil {
		return nil, errors.Join(err, a.end())
	}
	return a, nil
}

// opened reads the first line.
func (a *application) opened() error {
	line, err := a.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("an application ends before its host is open: %w", err)
	}
	var o struct {
		Took    time.Duration
		PIDs    []int
		Failure string
	}
	if err := json.Unmarshal(line, &o); err != nil {
		return err
	}
	if o.Failure != "" {
		return errors.New(o.Failure)
	}
	a.took, a.pids = o.Took, o.PIDs
	return nil
}

// do has it do something, and waits for that.
func (a *application) do(what string) error {
	if _, err := fmt.Fprintln(a.in, what); err != nil {
		return err
	}
	line, err := a.out.ReadString('\n')
	if err == nil && line != "done <nil>\n" {
		err = fmt.Errorf("an application that is told to %s says %q", what, line)
	}
	return err
}

// end returns when it has closed its host.
func (a *application) end() error {
	return errors.Join(a.in.Close(), a.cmd.Wait())
}
