package manifest

// Protocol is what host and plugin speak.
type Protocol string

// The protocols.
const (
	ProtocolHotplug1         Protocol = "hotplug/1"
	ProtocolIsolatedWorkers1 Protocol = "isolated-workers/1"
)

// workerSerializer is the one that ProtocolIsolatedWorkers1 has.
const workerSerializer = "JsonSerializer"

// Activation is when a plugin is started.
type Activation string

// The activations.
const (
	ActivationEager Activation = "eager" // with the host
	ActivationLazy  Activation = "lazy"  // by its first call
)

// DisconnectMode is what a plugin does when its host is gone.
type DisconnectMode string

// The modes of disconnect.
const (
	DisconnectShutdown  DisconnectMode = "shutdown"
	DisconnectKeepAlive DisconnectMode = "keep-alive"
)

// ReloadMode is how a new version replaces the running one.
type ReloadMode string

// The modes of reload.
const (
	ReloadOverlap ReloadMode = "overlap"
	ReloadHandoff ReloadMode = "handoff"
	ReloadRestart ReloadMode = "restart"
)

// RollbackMode is what follows a crash on probation.
type RollbackMode string

// The modes of rollback.
const (
	RollbackRestart RollbackMode = "restart"
	RollbackStale   RollbackMode = "stale"
)

// RestartPolicy is which exits are followed by a restart.
type RestartPolicy string

// The restart policies.
const (
	RestartOnFailure RestartPolicy = "on-failure"
	RestartAlways    RestartPolicy = "always"
	RestartNever     RestartPolicy = "never"
)
