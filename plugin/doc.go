// Package plugin is what a plugin's main calls: it answers messages of a contract for whatever host launched it.
//
//	func main() {
//		plugin.Serve(
//			counterapi.Add.Handle(add),
//			counterapi.Get.Handle(get),
//		)
//	}
//
// Serve does the rest: it takes over the socket that the host listens on, proves to the host who it is and lets
// the host do the same, runs handlers until the host says goodbye, finishes what is in flight, and exits. What is guaranteed:
//
//   - Started by hand, it explains itself and exits 64.
//   - When the host is gone, however it went, the process and its process group are gone within a second.
//   - A handler that panics answers its call with an error; the plugin goes on.
//   - What is printed on stdout and stderr is the plugin's own: each line becomes a line of the host's log.
package plugin
