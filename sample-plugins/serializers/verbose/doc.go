// Package verbose is a serializer for people who watch a socket: JSON with indentation, an empty line behind each message.
//
//	codec.Register(verbose.Serializer{})                        // in the host's main
//	plugin.Server{Serializer: verbose.Serializer{}, /* ... */ } // in the plugin's main
//
// A manifest names it "VerboseJsonSerializer". Its frames end in two newlines, which indented JSON contains nowhere: those in texts are escaped. What it
// refuses and guarantees is what codec.JsonSerializer does.
package verbose
