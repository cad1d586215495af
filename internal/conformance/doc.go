// Package conformance plays the host to any plugin, in any language, byte by byte, and says where it departs from docs/protocol.md.
//
//	target := conformance.Target{Path: "plugins/greeter/greeter.py"}
//	report, err := conformance.Run(ctx, target, conformance.Options{})
//	for _, r := range report.Results {
//		fmt.Println(r.Status, r.Serializer, r.Case, r.Why)
//	}
//
// The cases are the text files below cases/, one conversation each; Parse documents their notation. It does not use package rpc: what
// that one gets wrong, the cases still notice. What is guaranteed:
//
//   - Every case has a process of its own, in a process group of its own, which is gone when the case ends.
//   - A case ends: with each step there is a limit on how long it waits.
//   - Windows, credit and that a call is answered once are watched in every case, whatever it is about.
//   - A case that asks for more than a plugin claims is reported as not claimed, never as passed.
package conformance
