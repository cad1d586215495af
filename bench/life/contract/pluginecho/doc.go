// Package pluginecho is an echo as a plugin of go-plugin, over net/rpc and over gRPC. What each links stands in a package of its own below.
package pluginecho
