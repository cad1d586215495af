package leftovers

import (
	"os"
	"testing"
)

func TestAFootprintGrowsByWhatIsLeftAndNotByWhatHasEnded(t *testing.T) {
	before := Now()
	end := make(chan struct{})
	go func() { <-end }()
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	now := Now()
	if now.goroutines <= before.goroutines {
		t.Errorf("%d goroutines, there were %d", now.goroutines, before.goroutines)
	}
	if _, err := os.Stat("/proc/self/fd"); err == nil && now.descriptors <= before.descriptors {
		t.Errorf("%d descriptors, there were %d", now.descriptors, before.descriptors)
	}
	close(end)
	f.Close()
	if descriptors, goroutines := before.Grown(nil); descriptors+goroutines != 0 {
		t.Errorf("%d descriptors and %d goroutines", descriptors, goroutines)
	}
}
