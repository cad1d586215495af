package host

import (
	"io"

	"github.com/go-hotplug/hotplug/rpc"
)

// A flow is an open call with streams whose errors name the plugin.
type flow struct {
	rpc.Flow
	instance *instance
}

func (f *flow) Send(item any) error    { return f.named(f.Flow.Send(item)) }
func (f *flow) CloseSend() error       { return f.named(f.Flow.CloseSend()) }
func (f *flow) Recv(item any) error    { return f.heard(f.Flow.Recv(item)) }
func (f *flow) Result(reply any) error { return f.heard(f.Flow.Result(reply)) }

func (f *flow) heard(err error) error {
	f.instance.heard(err)
	return f.named(err)
}

func (f *flow) named(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return f.instance.annotate(err)
}
