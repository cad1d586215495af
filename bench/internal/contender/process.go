package contender

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
)

// A process is a server of the contenders that have no launcher of their own. It listens on a socket and ends with its stdin.
type process struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	dir    string
	socket string
}

// socketEnv tells a server where to listen.
const socketEnv = "BENCH_SOCKET"

// startProcess returns when the server listens.
func startProcess(ctx context.Context, name string) (*process, error) {
	path, err := own()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	p := &process{dir: dir, socket: filepath.Join(dir, "s")}
	p.cmd = exec.CommandContext(ctx, path, ServeCommand, name)
	p.cmd.Env, p.cmd.Stderr = append(os.Environ(), socketEnv+"="+p.socket), os.Stderr
	stdin, err := p.cmd.StdinPipe()
	stdout, err2 := p.cmd.StdoutPipe()
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	p.stdin = stdin
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		return nil, errors.Join(fmt.Errorf("process %d ended before it listened: %w", p.cmd.Process.Pid, err), p.Close())
	}
	return p, nil
}

func (p *process) dial() (net.Conn, error) { return net.Dial("unix", p.socket) }

func (p *process) PID() int { return p.cmd.Process.Pid }

func (p *process) Close() error {
	p.stdin.Close()
	return errors.Join(p.cmd.Wait(), os.RemoveAll(p.dir))
}

// abandon is Close after an error, which it returns.
func (p *process) abandon(err error) error { return errors.Join(err, p.Close()) }

// listen is the server's end of startProcess: ended is closed with the caller's end.
func listen() (l net.Listener, ended <-chan struct{}, err error) {
	l, err = net.Listen("unix", os.Getenv(socketEnv))
	if err != nil {
		return nil, nil, err
	}
	done := make(chan struct{})
	go func() { // ends with the process
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(done)
	}()
	_, err = fmt.Println("listening")
	return l, done, err
}

// serveEach has serve answer each connection until the caller is gone.
func serveEach(serve func(net.Conn)) error {
	l, ended, err := listen()
	if err != nil {
		return err
	}
	go func() { // ends with the process
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	<-ended
	return nil
}
