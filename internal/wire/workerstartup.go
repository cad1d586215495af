package wire

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// What a host of the profile isolated-workers/1 puts into a worker's environment. WorkerSerializerEnv it does not set: a worker that finds
// it checks it.
const (
	WorkerStartupEnv    = "ISOLATED_WORKERS_STARTUP_DATA"
	WorkerSocketEnv     = "ISOLATED_WORKERS_SOCKET_PATH"
	WorkerTimeoutEnv    = "ISOLATED_WORKERS_SERVER_CONNECT_TIMEOUT"
	WorkerSerializerEnv = "ISOLATED_WORKERS_SERIALIZER"
)

// WorkerEnv are all variables of the profile.
var WorkerEnv = []string{WorkerStartupEnv, WorkerSocketEnv, WorkerTimeoutEnv, WorkerSerializerEnv}

// The values of the profile that are always the same.
const (
	WorkerDriver         = "child_process"
	WorkerSerializer     = "JsonSerializer"
	WorkerConnectTimeout = 30_000    // milliseconds, where a host does not say
	MaxWorkerTimeout     = 1<<31 - 1 // milliseconds; Node takes a longer timer for one of 1 ms
)

// WorkerStartup is what a host of the profile tells a worker.
type WorkerStartup struct {
	Driver         string `json:"driver"`
	SocketPath     string `json:"socketPath"`           // absolute; the worker listens on it
	Serializer     string `json:"serializer,omitempty"` // class name
	ConnectTimeout int64  `json:"serverConnectTimeout"` // milliseconds without a connection after which the worker ends; 0: never
}

// Environ is s as the variables that a host sets.
func (s *WorkerStartup) Environ() ([]string, error) {
	data, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return []string{
		WorkerStartupEnv + "=" + string(data), WorkerSocketEnv + "=" + s.SocketPath, WorkerTimeoutEnv + "=" + strconv.FormatInt(s.ConnectTimeout, 10),
	}, nil
}

// ReadWorkerStartup reads the variables, and checks all that can be checked without this worker's serializer: nil without an error says that
// no host of the profile started this process.
func ReadWorkerStartup(getenv func(string) string) (*WorkerStartup, error) {
	s := &WorkerStartup{Driver: WorkerDriver, SocketPath: getenv(WorkerSocketEnv), ConnectTimeout: WorkerConnectTimeout}
	data := getenv(WorkerStartupEnv)
	if data == "" && s.SocketPath == "" {
		return nil, nil
	}
	if text := getenv(WorkerTimeoutEnv); text != "" {
		ms, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: expected milliseconds such as 30000, found %.40q: correct or unset it", WorkerTimeoutEnv, text)
		}
		s.ConnectTimeout = ms
	}
	if data != "" {
		if err := json.Unmarshal([]byte(data), s); err != nil {
			return nil, fmt.Errorf("%s: expected one JSON object with socketPath, found %.200q: %w", WorkerStartupEnv, data, err)
		}
	}
	return s, s.check()
}

func (s *WorkerStartup) check() error {
	switch {
	case s.Driver != WorkerDriver:
		return fmt.Errorf("%s: driver: expected %q, found %.40q: let the host start this worker as a process of its own", WorkerStartupEnv, WorkerDriver, s.Driver)
	case s.SocketPath == "":
		return fmt.Errorf("%s: socketPath: expected the absolute path to listen on, found none: let a host of %s start this worker", WorkerStartupEnv, IsolatedWorkersProtocol)
	case s.ConnectTimeout < 0 || s.ConnectTimeout > MaxWorkerTimeout:
		return fmt.Errorf("%s: serverConnectTimeout: expected milliseconds, or 0 for no limit, found %d; at most %d", WorkerStartupEnv, s.ConnectTimeout, MaxWorkerTimeout)
	}
	return nil
}

// Mismatch is the sentence that says that a class name which the host stated is not that of this worker; empty: they fit.
func (s *WorkerStartup) Mismatch(getenv func(string) string, mine string) string {
	for _, host := range []string{s.Serializer, getenv(WorkerSerializerEnv)} {
		if host != "" && host != mine {
			return "Serializer mismatch: host uses " + host + ", worker uses " + mine + ". Ensure both client and server use the same serializer class."
		}
	}
	return ""
}
