// Package life measures what a plugin costs besides its calls: to launch it, to reload it under load, its memory, its size, and to start a host of
// many. Every measurement is of real processes, and hotplug stands beside what else there is:
//
//	rows, err := life.Measure(ctx, life.Options{Quick: true}, func(what string) { fmt.Fprintln(os.Stderr, what) })
//
// What is compared is interleaved: a repetition takes one value of every variant, in an order that rotates. Everything runs where the system puts it
// (placement "free"). Nothing is left: no process, and no file outside the build cache.
package life
