//go:build linux

// Torture is a host and everything that can go wrong with its plugins, at random: for TORTURE minutes, 3 by default. Its last line is one object of
// JSON. It knows what every call should have answered, and must never know how a host works inside.
//
//	TORTURE=1 SEED=7 build/torture
//
// It is two programs: the host, which may be built with the race detector, and beside it torture-plugin, the same sources without, since a plugin's memory
// is limited here.
package main
