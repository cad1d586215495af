//go:build linux

package e2e_test

import "github.com/go-hotplug/hotplug/rpc"

// What the sample plugins answer, as their contracts say. They are a module of their own, which this one cannot import; if they move
// apart the handshake or the first call says so.
const (
	counterAdd  rpc.Method[delta, total]   = "counter.add"
	counterGet  rpc.Query[struct{}, total] = "counter.get"
	counterBump rpc.Notice[delta]          = "counter.bump"

	crasherExit           rpc.Method[exitRequest, struct{}]        = "crasher.exit"
	crasherSignal         rpc.Method[signalRequest, struct{}]      = "crasher.signal"
	crasherPanic          rpc.Method[textRequest, struct{}]        = "crasher.panic"
	crasherPanicGoroutine rpc.Method[textRequest, struct{}]        = "crasher.panicGoroutine"
	crasherIgnoreSignals  rpc.Method[struct{}, struct{}]           = "crasher.ignoreSignals"
	crasherGrandchild     rpc.Method[grandchildRequest, process]   = "crasher.grandchild"
	crasherDescribe       rpc.Query[struct{}, process]             = "crasher.describe"
	crasherHang           rpc.Method[hangRequest, struct{}]        = "crasher.hang"
	crasherSleep          rpc.Query[sleepRequest, struct{}]        = "crasher.sleep"
	crasherEcho           rpc.Query[echoRequest, echoReply]        = "crasher.echo"
	crasherFail           rpc.Query[failRequest, struct{}]         = "crasher.fail"
	crasherNote           rpc.Notice[noteEvent]                    = "crasher.note"
	crasherNotes          rpc.Query[struct{}, notesReply]          = "crasher.notes"
	crasherFlood          rpc.Method[floodRequest, flooded]        = "crasher.flood"
	markdownRender        rpc.Query[renderRequest, rendered]       = "markdown.render"
	highlightHighlight    rpc.Query[highlightRequest, highlighted] = "highlight.highlight"
	hostExists            rpc.Query[existsRequest, existsReply]    = "host.exists"
	hostReadAsset         rpc.Method[assetRequest, asset]          = "host.readAsset"
)

type (
	delta struct {
		By int64 `json:"by"`
	}
	total struct {
		Value int64 `json:"value"`
	}
	exitRequest struct {
		Code   int    `json:"code"`
		Stderr string `json:"stderr,omitempty"`
	}
	signalRequest struct {
		Signal int `json:"signal"`
	}
	textRequest struct {
		Text string `json:"text"`
	}
	grandchildRequest struct {
		ForMS         int64 `json:"forMs"`
		Session       bool  `json:"session,omitempty"`
		IgnoreSignals bool  `json:"ignoreSignals,omitempty"`
	}
	process struct {
		PID  int      `json:"pid"`
		Path string   `json:"path,omitempty"`
		Dir  string   `json:"dir,omitempty"`
		Args []string `json:"args,omitempty"`
		Env  []string `json:"env,omitempty"`
	}
	hangRequest struct {
		ForMS int64 `json:"forMs"`
		Spin  bool  `json:"spin,omitempty"`
	}
	sleepRequest struct {
		ForMS int64 `json:"forMs"`
	}
	echoRequest struct {
		Data []byte `json:"data,omitempty"`
		Size int    `json:"size,omitempty"`
	}
	echoReply struct {
		Data []byte `json:"data"`
	}
	failRequest struct {
		Code    rpc.Code          `json:"code,omitempty"`
		Message string            `json:"message"`
		Details map[string]string `json:"details,omitempty"`
		Causes  int               `json:"causes,omitempty"`
	}
	noteEvent struct {
		Text   string `json:"text"`
		HoldMS int64  `json:"holdMs,omitempty"`
		Panic  bool   `json:"panic,omitempty"`
	}
	notesReply struct {
		Texts []string `json:"texts,omitempty"`
	}
	floodRequest struct {
		Stream  string `json:"stream"`
		Flavour string `json:"flavour"`
		Bytes   int64  `json:"bytes"`
	}
	flooded struct {
		Bytes  int64 `json:"bytes"`
		Pieces int64 `json:"pieces"`
	}
	renderRequest struct {
		Name   string `json:"name"`
		Source string `json:"source"`
	}
	rendered struct {
		HTML  string `json:"html"`
		Title string `json:"title,omitempty"`
	}
	highlightRequest struct {
		Language string `json:"language,omitempty"`
		Code     string `json:"code"`
	}
	highlighted struct {
		HTML     string `json:"html"`
		Language string `json:"language,omitempty"`
	}
	existsRequest struct {
		Paths []string `json:"paths"`
	}
	existsReply struct {
		Missing []string `json:"missing,omitempty"`
	}
	assetRequest struct {
		Path  string `json:"path"`
		Limit int    `json:"limit,omitempty"`
	}
	asset struct {
		MediaType string `json:"mediaType"`
		Size      int64  `json:"size"`
		Data      []byte `json:"data"`
	}
)
