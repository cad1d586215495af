// Package registry finds out what is installed in a host's plugins folders and which version of each plugin is used.
//
//	reg, err := registry.Scan(ctx, registry.Options{Path: []string{"plugins"}, HostName: "docsite", HostVersion: "2.1.0"})
//	if err != nil {
//		return err // only about the options and the folders, never about one plugin
//	}
//	for _, level := range reg.Order() {
//		for _, e := range level {
//			fmt.Println(e.Name, e.Version, e.EntryPath)
//		}
//	}
//	fmt.Println(reg.Explain("markdown"))
//
// Watch does the same again whenever that may have changed and the plugins have been left alone for a moment; Changes compares
// two looks.
//
// Guarantees:
//
//   - Nothing is started and nothing is written.
//   - One broken plugin never hides another: it is listed with its reason, and so is everything that was not chosen.
//   - The same files and options give the same result, whatever the order in which a folder is read.
//   - The entry of a chosen plugin existed, was executable here, and was inside its folder with every link resolved, when
//     it was looked at. Whoever runs it later works on a copy that is checked again.
//   - A Registry never changes, so any number of goroutines may read it.
//
// # How a version is chosen
//
// Plugins are looked at from those that nobody requires towards those that are required. For each name the highest
// version is taken that works here, that host and pins allow, and that satisfies the constraint of every chosen plugin
// that requires it. A version whose own requirements cannot be met is broken, and the choice begins again without it. If
// two plugins ask for versions that exclude each other, both are broken and the plugin that they disagree on is not.
// An optional requirement counts like any other as long as it can be met.
//
// The limits of this: a requirer is never replaced by a lower version of itself to avoid a conflict that only another
// choice further down would solve, beyond taking out what is broken; and among plugins that require each other's
// names in a circle, across versions, a version that was taken out stays out. Two versions of one name never run together.
package registry
