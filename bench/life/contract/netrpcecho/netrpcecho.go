// Package netrpcecho is an echo over net/rpc.
package netrpcecho

// Name is the service's, and Method that of its one method.
const (
	Name   = "Echo"
	Method = Name + ".Echo"
)

// A Server returns what it gets.
type Server struct{}

func (Server) Echo(data []byte, reply *[]byte) error {
	*reply = data
	return nil
}
