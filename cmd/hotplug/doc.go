// Hotplug is a generic host for plugins, and the tool of those who write them: it lists and validates what is installed, describes
// what a plugin answers, calls it from the shell, hosts a plugins folder in the foreground, looks at a host that runs, and writes what a
// new plugin begins with.
//
//	hotplug new greeter
//	hotplug init plugins/markdown/markdown
//	hotplug run plugins
//	hotplug status plugins
//	hotplug logs -f plugins counter
//	hotplug events -f plugins
//	hotplug reload plugins counter
//	hotplug disable plugins counter
//	hotplug enable plugins counter
//	hotplug list plugins
//	hotplug why plugins markdown
//	hotplug lock plugins
//	hotplug validate plugins/markdown
//	hotplug describe plugins/markdown
//	hotplug call plugins counter counter.add '{"by": 2}'
//	hotplug conformance plugins/counter
//	hotplug version
//
// Results go to stdout, everything else to stderr. On a terminal, tables are aligned and coloured (not with NO_COLOR or
// --no-color); elsewhere a row is one line whose cells are separated by tabs. With --json a command prints one JSON document
// instead, run, logs and events one line of JSON for each thing that happens, and call one for each item of a stream; what went wrong is then a document {"error": {"message": ...}}.
// JSON is indented on a terminal and one line elsewhere.
//
// # Exit codes
//
//	0    it worked. For run: it was told to stop, with Ctrl-C, SIGTERM or SIGHUP, and no plugin had failed; for logs -f and events -f: Ctrl-C, or the host ended
//	1    something is wrong with a plugin: list, why and validate found a broken one, lock found one that cannot be locked, or
//	     with --check one that has changed, describe or init met a program that is no plugin, one that run hosted or status
//	     asked for has failed, the host refused to reload, enable or disable one
//	2    the command line is wrong, the JSON of a call does not fit its message, or new or init would write over something
//	3    the host could not be opened, none runs that folder, or it is gone; no plugins folder, manifest or lock file could be read, or a file could not be written
//	4    the plugin is not available: not installed, could not start, does not answer this message, ended, or did not answer in time
//	5    the plugin answered an error
//	130  interrupted before it was done
//
// The first Ctrl-C stops plugins in order; a second one ends the command at once, and its plugins with it.
package main
