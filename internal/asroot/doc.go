// Package asroot is for tests that only root can run, or that need another user. It knows nothing of what they test.
package asroot
