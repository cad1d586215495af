package crasherapi

// Environment variables that decide what happens at start. The manifest allows them to pass through from the host's
// environment.
const (
	EnvStart  = "CRASHER_START"  // one of the Start values; unset: serve as a plugin should
	EnvCode   = "CRASHER_CODE"   // exit code of StartExit; unset: 1
	EnvStderr = "CRASHER_STDERR" // text that is written to stderr first, before anything else happens
	EnvForMS  = "CRASHER_FOR_MS" // how long StartDelay waits, in milliseconds

	// EnvTimes limits the misbehaviour to the first so many starts, of those that EnvCounter has seen: a file, to which each start
	// adds one byte. Both or neither.
	EnvTimes   = "CRASHER_TIMES"
	EnvCounter = "CRASHER_COUNTER"
)

// Environment lists the variables.
var Environment = []string{EnvStart, EnvCode, EnvStderr, EnvForMS, EnvTimes, EnvCounter}

// A Start is what happens instead of serving. Those from StartSilent on need the inherited listener, and exit with 70 where
// there is none; they accept one connection and go on until they are killed, unless it says otherwise.
type Start string

const (
	StartExit          Start = "exit"           // exits at once with EnvCode
	StartPanic         Start = "panic"          // panics in main: exit code 2 and a trace
	StartHang          Start = "hang"           // never accepts a connection
	StartIgnoreSignals Start = "ignore-signals" // serves, and ignores SIGTERM, SIGINT and SIGHUP from the beginning
	StartDelay         Start = "delay"          // serves after EnvForMS
	StartCloseListener Start = "close-listener" // closes the listener and goes on living

	StartSilent      Start = "silent"       // accepts, reads, never writes
	StartHangUp      Start = "hang-up"      // accepts, closes the connection, and exits with 0
	StartGarbage     Start = "garbage"      // accepts and writes noise that is not JSON, newlines included
	StartEndless     Start = "endless"      // accepts and writes one line that does not end
	StartHalfLine    Start = "half-line"    // accepts and writes half of a handshake
	StartTrickle     Start = "trickle"      // accepts and writes a handshake that never ends, a byte every 100 ms
	StartRefuse      Start = "refuse"       // answers the handshake with an error
	StartWrongAnswer Start = "wrong-answer" // a handshake in which everything is right but the secret
	StartBadFrame    Start = "bad-frame"    // a right handshake, then bytes that are no frame
	StartHugeFrame   Start = "huge-frame"   // a right handshake, then the header of a frame of 4 GiB
	StartMute        Start = "mute"         // a right handshake, then nothing: calls and pings are not answered
)

// Starts lists every Start.
var Starts = []Start{StartExit, StartPanic, StartHang, StartIgnoreSignals, StartDelay, StartCloseListener, StartSilent, StartHangUp,
	StartGarbage, StartEndless, StartHalfLine, StartTrickle, StartRefuse, StartWrongAnswer, StartBadFrame, StartHugeFrame, StartMute}
