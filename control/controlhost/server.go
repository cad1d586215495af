package controlhost

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"github.com/go-hotplug/hotplug/control"
	"github.com/go-hotplug/hotplug/control/socket"
	"github.com/go-hotplug/hotplug/host"
	"github.com/go-hotplug/hotplug/rpc"
)

// Options say which host it is. Name, Dir and StateDir are those of its host.Config, by which a client finds it.
type Options struct {
	Name, Version string
	Dir, StateDir string
	Record        *Recorder  // nil: nobody can ask for logs and events
	Logger        rpc.Logger // says why a connection was refused; nil: nothing is said
}

// A Server answers for a host. It may be used concurrently.
type Server struct {
	host   *host.Host
	about  control.Host
	record *Recorder
	log    rpc.Logger
	base   context.Context // of handshakes; ended by Close
	stop   context.CancelFunc
	listen *socket.Listener
	wg     sync.WaitGroup // accept, and one goroutine for each connection

	closing  sync.Once
	closeErr error // set within closing
}

// Open answers on the control socket of a host, until Close. An error that is socket.ErrInUse says which process has the socket: it hosts
// the same folder.
func Open(h *host.Host, o Options) (*Server, error) {
	l, err := socket.Listen(socket.Place{Name: o.Name, Dir: o.Dir, StateDir: o.StateDir})
	if err != nil {
		return nil, err
	}
	s := newServer(h, o)
	s.listen = l
	s.wg.Go(s.accept)
	return s, nil
}

func newServer(h *host.Host, o Options) *Server {
	s := &Server{host: h, record: o.Record, log: o.Logger}
	s.about = control.Host{Name: o.Name, Version: o.Version, PID: os.Getpid(), Since: time.Now()}
	s.base, s.stop = context.WithCancel(context.Background())
	return s
}

// acceptPause is how long nothing is accepted when the system has no descriptors left.
const acceptPause = 100 * time.Millisecond

func (s *Server) accept() {
	for {
		stream, err := s.listen.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.warn(err)
			select {
			case <-time.After(acceptPause):
			case <-s.base.Done():
				return
			}
			continue
		}
		s.wg.Go(func() { s.serve(stream) })
	}
}

// serve answers on one connection until it is over.
func (s *Server) serve(stream net.Conn) {
	conn, err := socket.Answer(s.base, stream, s.handlers(), s.log)
	if err != nil {
		s.warn(err)
		return
	}
	select {
	case <-conn.Done():
	case <-s.base.Done():
		s.finish(conn)
	}
	conn.Close()
}

// grace is how long a client has to take what is left when the host ends.
const grace = 500 * time.Millisecond

// finish lets a client have the end of what it follows.
func (s *Server) finish(conn *rpc.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	_ = conn.Drain(ctx)
}

// warn says why somebody was not answered.
func (s *Server) warn(err error) {
	if s.log != nil && s.base.Err() == nil {
		s.log.Warn("control socket: a connection was refused", "reason", err.Error())
	}
}

// Close ends it: who follows logs or events gets their end, for half a second, and all connections are closed. It waits for that, and
// leaves nothing behind. To let clients see how plugins stop, close the host first. Closing twice is no error.
func (s *Server) Close() error {
	s.closing.Do(func() {
		if s.record != nil {
			s.record.close()
		}
		s.stop()
		s.closeErr = s.listen.Close()
		s.wg.Wait()
	})
	return s.closeErr
}
