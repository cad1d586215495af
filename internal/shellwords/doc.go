// Package shellwords writes commands that a person may copy from a text into a shell.
//
//	shellwords.Line("hotplug", "lock", "my plugins") // hotplug lock 'my plugins'
package shellwords
