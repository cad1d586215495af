package registry

// Probe says whether a file is being written.
func Probe(path string) string {
	return map[writers]string{nobodyWrites: "nobody writes", somebodyWrites: "somebody writes", nobodyKnows: "nobody knows"}[probe(path)]
}
