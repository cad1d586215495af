// Site turns folders of Markdown into a static web site. The work is done by plugins: one renders Markdown, one marks up
// code, and the application is what lies around them.
//
//	go run ./examples/site build -plugins plugins -out build/site docs
//
// What is worth copying, one idea for each file:
//
//   - plugins.go opens the plugins folder, and says what to do if a plugin is not there.
//   - library.go answers the plugins: they read files of the site through os.Root, and nothing else.
//   - render.go calls a plugin for many pages at once; one that fails does not stop the others.
//   - meter.go collects figures from host.Hooks, summary.go shows them.
//
// The site that was there before stays until the new one is complete.
package main
