// Package greeterapi is the contract of the greeters: node-greeter, node-toolkit, python-greeter and python-toolkit answer the same messages.
//
//	greeting, err := greeterapi.Greet.Call(ctx, host.Plugin("python-greeter"), greeterapi.GreetRequest{Name: "Ada"})
package greeterapi

import "github.com/go-hotplug/hotplug/rpc"

// Answered by the plugin.
const (
	// Greet answers with a greeting, after the time that was asked for. Nobody to greet is NotFound.
	Greet rpc.Query[GreetRequest, Greeting] = "greeter.greet"

	// Introduce asks the host for a guest (Guest), tells it that the guest was greeted (Greeted), and answers with the greeting.
	Introduce rpc.Method[struct{}, Greeting] = "greeter.introduce"

	// Met tells the greeter about somebody; Guests lists them in that order.
	Met    rpc.Notice[Person]          = "greeter.met"
	Guests rpc.Query[struct{}, People] = "greeter.guests"
)

// Answered by the host.
const (
	Guest   rpc.Query[struct{}, Person] = "greeter.guest"
	Greeted rpc.Notice[Person]          = "greeter.greeted"
)

// GreetRequest says whom to greet, and when.
type GreetRequest struct {
	Name    string `json:"name"`
	AfterMS int64  `json:"afterMs,omitempty"`
}

// Greeting is what the greeter says.
type Greeting struct {
	Text string `json:"text"`
}

// Person is somebody.
type Person struct {
	Name string `json:"name"`
}

// People are those who were met, in order.
type People struct {
	Names []string `json:"names"`
}
