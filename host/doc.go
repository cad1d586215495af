// Package host is what an application calls: it opens a plugins folder, launches each plugin as a process of its own,
// and hands out handles to call them by.
//
//	h, err := host.Open(ctx, host.Config{Name: "docsite", Version: "2.1.0", Dir: "plugins"})
//	if err != nil {
//		return err // about the host; what is wrong with a plugin stands in h.Failed()
//	}
//	defer h.Close()
//	doc, err := markdownapi.Render.Call(ctx, h.Plugin("markdown"), req)
//
// What is guaranteed:
//
//   - Nothing that a plugin does ends the host: every byte from it is checked, every wait has a deadline, every handler's panic is
//     an error.
//   - One plugin that fails does not stop the others, and its error says what to do.
//   - What runs is a private copy: replacing or deleting files in the plugins folder never touches a running plugin.
//   - When the host is gone, however it went, so are its plugins and their process groups.
//   - After Close nothing is left: no process, socket, goroutine, descriptor or file, but for the store of copies.
package host
