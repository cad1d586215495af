// Site turns folders of Markdown into a static web site. The work is done by plugins: one renders Markdown, others mark up code, make
// pictures smaller, check links, find headings, count words. The application is what lies around them.
//
//	go run ./examples/site build -plugins plugins -out build/site docs
//	go run ./examples/site serve -plugins plugins docs
//
// What is worth copying, one idea for each file:
//
//   - plugins.go opens the plugins folder, and says what to do if the one plugin that is needed is not there.
//   - crew.go finds out which of the others are there, before any is started. What is not there is not asked.
//   - library.go answers the plugins: they read files of the site through os.Root, and nothing else.
//   - render.go calls a plugin for many pages at once; one that fails does not stop the others.
//   - pictures.go sends bytes to a plugin and does not trust what comes back more than it must.
//   - serve.go follows the host's events and makes the site anew when a plugin is replaced, edition.go shows it whole meanwhile.
//   - rehearse.go replaces a plugin by good and bad releases under load, crowd.go counts who was answered by which.
//   - meter.go collects figures from host.Hooks, summary.go shows them.
//
// The site that was there before stays until the new one is complete.
package main
