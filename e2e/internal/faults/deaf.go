package faults

import (
	"net"
	"time"
)

// A Listener is a row of how a plugin reads, behind its handshake, until its host has enough of it. It breaks no rule of the protocol: health checks
// find it out.
type Listener struct {
	Name   string
	Listen func(net.Conn)
}

// Deaf are the rows.
var Deaf = []Listener{
	{"nothing is ever read", func(net.Conn) { select {} }},
	{"one byte is read each second", func(c net.Conn) {
		for b := make([]byte, 1); ; time.Sleep(time.Second) {
			if _, err := c.Read(b); err != nil {
				return
			}
		}
	}},
}

// ListenerNamed is the row of a name; nil: there is none.
func ListenerNamed(name string) *Listener {
	for i := range Deaf {
		if Deaf[i].Name == name {
			return &Deaf[i]
		}
	}
	return nil
}
