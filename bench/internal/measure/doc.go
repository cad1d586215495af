// Package measure takes the measurements of one process with one placement, all contenders in turn.
package measure
