// Package serializers holds three serializers of a program's own, to copy from, and a plugin that uses one:
//
//	func main() {
//		codec.Register(cbor.Serializer{}) // before a host is opened: plugin.json names it by its class name
//		h, err := host.Open(ctx, host.Config{Dir: "plugins"})
//		// ...
//	}
//
// [github.com/go-hotplug/hotplug/sample-plugins/serializers/cbor] is binary, by a library; gzipped wraps another serializer, and limits
// what its bytes unpack to; verbose is text with a terminator of two bytes. serializertest checks what every serializer must do. The package itself
// is empty: its tests run the plugin in the folder cborcounter.
package serializers
