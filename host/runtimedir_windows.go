package host

import (
	"fmt"
	"os"
)

// checkRuntimeParent checks that the folder is there; who may write to it is the system's access control.
func checkRuntimeParent(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("runtime folder: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("runtime folder %s is not a folder", path)
	}
	return nil
}
