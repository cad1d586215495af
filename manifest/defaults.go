package manifest

import "time"

// Default returns a manifest that holds every default and lacks what has none: name, version and entry.
func Default() *Manifest {
	return &Manifest{
		Manifest:   Format,
		Files:      []string{"**"},
		Protocol:   ProtocolHotplug1,
		Serializer: "MessagePackSerializer",
		Activation: ActivationEager,
		Timeouts: Timeouts{
			Start:       Duration(30 * time.Second),
			Call:        Duration(30 * time.Second),
			Stop:        Duration(5 * time.Second),
			HostConnect: Duration(30 * time.Second),
		},
		Disconnect: Disconnect{Mode: DisconnectShutdown, Timeout: Duration(time.Hour)},
		Reload: Reload{
			Mode:           ReloadOverlap,
			Quiesce:        Duration(time.Second),
			RollbackWindow: Duration(10 * time.Second),
			Rollback:       RollbackRestart,
		},
		Restart: Restart{
			Policy:     RestartOnFailure,
			Max:        5,
			Window:     Duration(60 * time.Second),
			Backoff:    Duration(100 * time.Millisecond),
			MaxBackoff: Duration(30 * time.Second),
		},
		Health: Health{Interval: Duration(30 * time.Second), Misses: 3},
		Limits: Limits{Frame: 16 * MiB, Inflight: 1024, Streams: 256, StreamItems: 256, StreamBytes: 1 * MiB},
	}
}

// required are the keys that have no default, in the order in which their absence is reported.
var required = []string{"manifest", "name", "version", "entry"}
