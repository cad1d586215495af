// Package manifest reads plugin.json: the file that says what a plugin is called, which version it is, what runs and
// what it needs.
//
//	m, warnings, err := manifest.Load("plugins/markdown/plugin.json")
//	if err != nil {
//		return err // every problem of the file, one per line: file:line:column: key: found ..., want ...
//	}
//	for _, w := range warnings {
//		log.Println(w)
//	}
//	entry, err := m.EntryFor(runtime.GOOS, runtime.GOARCH)
//	if err == nil {
//		fmt.Println(m.Name, m.Version, entry.Path, time.Duration(m.Timeouts.Call))
//	}
//
// Guarantees:
//
//   - Strict: an unknown key, a key that is there twice, a wrong type, or a value outside of what is allowed is an
//     error. Keys that begin with "x-" are free for other tools.
//   - All problems of a file are reported together, in the order of the file. Only broken JSON ends the reading early.
//   - A key that is understood but has no effect in this version is a [Warning] that names it, never silence.
//   - No input panics, recurses without bound, or allocates more than in proportion to its size, and [Load] refuses
//     a file over [MaxSize] before reading it.
//   - What [Parse] returns has every default filled in: a zero means what the field's comment says, not "unset".
//   - [Schema] is generated from the same Go types that [Parse] fills.
package manifest
