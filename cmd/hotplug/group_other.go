//go:build !unix

package main

import "os/exec"

// ownGroup does nothing here: when its context ends, a command ends alone.
func ownGroup(*exec.Cmd) {}
