package manifest

import (
	"encoding/json"

	"github.com/Masterminds/semver/v3"
)

// FileName is the name of the manifest in a plugin's folder.
const FileName = "plugin.json"

// LoneSuffix follows the name of a lone executable in the name of its manifest: x has x.plugin.json beside it.
const LoneSuffix = ".plugin.json"

// Format is the one manifest format that this version reads: the value of the key "manifest".
const Format = 1

// Manifest is a plugin.json, checked, with its defaults filled in. It is not changed after Parse, so any number of
// goroutines may read it.
type Manifest struct {
	Schema      string          `json:"$schema,omitempty" doc:"Where an editor finds the JSON Schema of this file."`
	Manifest    int             `json:"manifest" rule:"format" doc:"Format of this file: 1."`
	Name        string          `json:"name" rule:"name" doc:"Name of the plugin, unique in a host. The folder may have any name."`
	Version     *semver.Version `json:"version" doc:"Semantic version of the plugin."`
	Description string          `json:"description,omitempty" doc:"What the plugin does, in one line."`
	Files       []string        `json:"files" rule:"glob" doc:"What belongs to the plugin besides the entry: globs relative to the folder, with ** for any number of folders."`
	Entry       Entry           `json:"entry" doc:"What runs: a path inside the folder, or one per platform."`
	Args        []string        `json:"args,omitempty" rule:"text" doc:"Arguments for the entry."`
	Env         Env             `json:"env,omitzero" doc:"The plugin's environment."`
	Host        Constraint      `json:"host,omitzero" doc:"Semver constraint on the application that hosts the plugin. Empty: any version."`
	Requires    Requires        `json:"requires,omitempty" doc:"Other plugins that this one needs, with a semver constraint each. A ? after a name makes it optional."`
	Protocol    Protocol        `json:"protocol" doc:"Protocol between host and plugin."`
	Serializer  string          `json:"serializer" rule:"identifier" doc:"Class name of the serializer: MessagePackSerializer, JsonSerializer, or one that the host registered."`
	Activation  Activation      `json:"activation" doc:"When the plugin is started: with the host, or by its first call."`
	Config      Config          `json:"config,omitzero" doc:"The plugin's configuration: its JSON Schema and default."`
	Permissions Permissions     `json:"permissions,omitzero" doc:"What the plugin may ask of its host."`
	Timeouts    Timeouts        `json:"timeouts" doc:"Time limits."`
	Disconnect  Disconnect      `json:"disconnect" doc:"What the plugin does when its host is gone."`
	Reload      Reload          `json:"reload" doc:"How a new version replaces the running one."`
	Restart     Restart         `json:"restart" doc:"What happens after a crash."`
	Health      Health          `json:"health" doc:"Health checks."`
	Idle        Duration        `json:"idle" doc:"A lazy plugin is stopped after so long without a call. 0s: never."`
	Limits      Limits          `json:"limits" doc:"Limits of size and number."`
	License     string          `json:"license,omitempty" doc:"SPDX licence expression."`
	Authors     []string        `json:"authors,omitempty" doc:"Who wrote the plugin."`
	Links       Links           `json:"links,omitempty" rule:"link" doc:"Web addresses by title, such as source or docs."`
	Build       Build           `json:"build,omitzero" doc:"Where the files come from."`
}

// Links are web addresses by title.
type Links map[string]string

// Env is the environment of a plugin, on top of the host's own allow-list.
type Env struct {
	Set   map[string]string `json:"set,omitempty" keys:"env" rule:"text" doc:"Variables that are set, by name."`
	Allow []string          `json:"allow,omitempty" rule:"env" doc:"Names of variables that are passed on from the host's environment."`
}

// Config describes the plugin's configuration. Both are JSON objects as they stand in the file, nil if absent.
type Config struct {
	Schema  json.RawMessage `json:"schema,omitempty" doc:"JSON Schema of the configuration."`
	Default json.RawMessage `json:"default,omitempty" doc:"Configuration that is used where the host gives none."`
}

// Permissions are what a plugin may ask of its host; empty means nothing. Calls is what the host compares with what it grants; Net and FS have no effect.
type Permissions struct {
	Calls Calls    `json:"calls,omitempty" rule:"call" doc:"Messages of the host that the plugin calls: names, a beginning such as app.*, or *. The host has to grant them, too."`
	Net   []string `json:"net,omitempty" rule:"text" doc:"Network destinations."`
	FS    []string `json:"fs,omitempty" rule:"text" doc:"File system paths."`
}

// Timeouts are the time limits of one plugin.
type Timeouts struct {
	// Start is the time from launch to Ready. 0: no limit.
	Start Duration `json:"start" doc:"From launch to Ready. 0s: no limit."`
	// Call is the deadline of a call whose caller set none. 0: no limit.
	Call Duration `json:"call" doc:"Deadline of a call whose caller set none. 0s: no limit."`
	// Drain is how long an old instance may finish its calls. 0, written as "", means the latest deadline in flight,
	// at most five minutes.
	Drain Duration `json:"drain" empty:"ok" min:"1ns" max:"5m" doc:"How long an old instance may finish its calls, at most 5m. Empty: the latest deadline in flight."`
	// Stop is the time from goodbye to SIGKILL, in each step. 0: at once.
	Stop Duration `json:"stop" doc:"How long each step of stopping may take. 0s: no waiting."`
	// HostConnect is how long the plugin waits for its host to connect. 0: forever.
	HostConnect Duration `json:"hostConnect" doc:"How long the plugin waits for its host to connect. 0s: forever."`
}

// Disconnect says what a plugin does when its host is gone.
type Disconnect struct {
	Mode    DisconnectMode `json:"mode" doc:"Stop, or stay alive for a host that comes back."`
	Timeout Duration       `json:"timeout" doc:"With keep-alive: how long to wait for a host. 0s: forever."`
}

// Reload says how a new version replaces the one that runs.
type Reload struct {
	Mode           ReloadMode   `json:"mode" doc:"overlap: both run for a moment; handoff: for a plugin that owns a port or a lock; restart: stop, then start."`
	Quiesce        Duration     `json:"quiesce" doc:"How long the old instance may take to become idle before its state is taken."`
	RollbackWindow Duration     `json:"rollbackWindow" doc:"How long a new version is on probation. 0s: not at all."`
	Rollback       RollbackMode `json:"rollback" doc:"After a crash on probation: start the new version again, or go back to state that may be stale."`
}

// Restart says what happens after a crash. More than Max crashes within Window quarantine the plugin.
type Restart struct {
	Policy     RestartPolicy `json:"policy" doc:"Which exits are followed by a restart."`
	Max        int           `json:"max" min:"0" doc:"Restarts within the window before the plugin is quarantined."`
	Window     Duration      `json:"window" doc:"Time over which restarts are counted."`
	Backoff    Duration      `json:"backoff" doc:"Delay before the first restart; doubled after each."`
	MaxBackoff Duration      `json:"maxBackoff" doc:"Longest delay before a restart."`
}

// Health are the health checks of a plugin. Interval 0: none.
type Health struct {
	Interval Duration `json:"interval" doc:"Time between checks. 0s: no checks."`
	Misses   int      `json:"misses" min:"1" doc:"Checks missed in a row that count as a failure."`
}

// Limits bound what a plugin may use.
type Limits struct {
	// Frame is the longest message in bytes, in either direction.
	Frame Size `json:"frame" min:"1KiB" max:"1GiB" doc:"Longest message, 1KiB to 1GiB."`
	// Inflight is how many calls may run at once.
	Inflight int `json:"inflight" min:"1" doc:"Calls that may run at once."`
	// Streams is how many calls with streams may run at once, beside those.
	Streams int `json:"streams" min:"1" doc:"Calls with streams that may run at once, beside those."`
	// StreamItems is how many items of a stream may be under way.
	StreamItems int `json:"streamItems" min:"1" doc:"Items of a stream that may be sent and not taken."`
	// StreamBytes bounds the bytes of those items. One item may go beyond it.
	StreamBytes Size `json:"streamBytes" min:"1KiB" max:"1GiB" doc:"Bytes of those items, 1KiB to 1GiB. One item may go beyond."`
	// Memory in bytes. 0, written as "", means no limit.
	Memory Size `json:"memory" empty:"ok" min:"1B" doc:"Memory that it may hold, on Linux. Empty: no limit."`
	// OpenFiles is the limit of descriptors. 0: no limit.
	OpenFiles int `json:"openFiles" min:"0" doc:"Descriptors that it may have open, on Linux. 0: no limit."`
}

// Build says where the files come from.
type Build struct {
	Commit string `json:"commit,omitempty" doc:"Commit that was built."`
	Time   string `json:"time,omitempty" rule:"time" doc:"When it was built, RFC 3339."`
}
