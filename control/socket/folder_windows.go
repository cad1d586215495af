package socket

// checkParent does nothing: who may write to a folder is the system's access control.
func checkParent(string) error { return nil }

// checkFolder does nothing, for the same reason.
func checkFolder(string) error { return nil }
