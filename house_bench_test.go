package hotplug_test

import (
	"slices"
	"strings"
	"testing"
)

// peers are what hotplug is compared with.
var peers = []string{"github.com/hashicorp/go-plugin", "github.com/containerd/ttrpc", "storj.io/drpc", "google.golang.org/grpc", "google.golang.org/protobuf"}

func TestNobodyOutsideOfBenchImportsAPeer(t *testing.T) {
	seen := 0
	for _, s := range house(t) {
		for _, imported := range s.imports {
			isPeer := slices.ContainsFunc(peers, func(p string) bool { return imported == p || strings.HasPrefix(imported, p+"/") })
			switch {
			case isPeer && strings.HasPrefix(s.path, "bench/"):
				seen++
			case isPeer:
				t.Errorf("%s: imports %s, which only the module bench may: it is what hotplug is compared with", s.path, imported)
			}
		}
	}
	if seen == 0 {
		t.Error("bench imports no peer: is the list of this test out of date?")
	}
}
