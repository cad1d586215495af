package proc_test

import (
	"bufio"
	"testing"
)

func TestUsageIsThatOfTheProcessUntilItHasEnded(t *testing.T) {
	spec := role("eof")
	spec.Startup = []byte("hello")
	p := start(t, spec)
	if _, err := bufio.NewReader(p.Stdout()).ReadString('\n'); err != nil { // it runs
		t.Fatal(err)
	}
	u, known := p.Usage()
	if !known || u.Memory < 100<<10 || u.Memory > 1<<30 || u.Descriptors < 3 || u.Descriptors > 100 {
		t.Errorf("%+v, %v", u, known)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	await(t, p)
	if u, known := p.Usage(); known {
		t.Errorf("after its end: %+v", u)
	}
}
