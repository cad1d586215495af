// Package succession has hosts follow one another in a folder, each a process of its own that may be killed. A program is both: it plays a host where it
// is told to, and starts itself as one.
//
//	if dir := os.Getenv(succession.Env); dir != "" {
//		return succession.Play(dir, []string{"kept", "gone"}, count)
//	}
//	h, err := succession.Start(dir)
//	h.Kill()
package succession
