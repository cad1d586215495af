// Package hotplug is the root of a plugin host framework for isolated extensions: plugins are processes of their own that
// can be plugged in, swapped and pulled out of a running application. The code is in the packages below:
//
//	host       for applications: open a plugins folder, call, watch, supervise
//	plugin     for plugin authors: Serve, and Server for whoever needs more
//	rpc        typed messages, declared once as constants and used by both ends
//	manifest   plugin.json: reading, checking, its JSON Schema
//	registry   what is installed, which version is used, and why
//	codec      serializers: values to bytes and back
//	shape      the structure of message types, compared between two ends
//
// An application begins with host.Open or, for one worker without a folder, host.Start; a plugin with plugin.Serve; a
// contract, which both of them import, with constants of type rpc.Method. Working plugins are in sample-plugins/, a larger
// application in examples/site, the documents in docs/.
//
// This package itself exports nothing. Its tests keep the rules of the house: which package may import which, how long
// a function may be, that the programs in the documents compile.
package hotplug
