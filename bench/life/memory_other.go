//go:build !linux

package life

import "errors"

const memoryTold = false

var errMemory = errors.New("the memory of processes is measured on Linux only")

func residentOf(int) (int64, error) { return 0, errMemory }

func proportionalOf(int) (int64, error) { return 0, errMemory }
