package pipe_test

import (
	"fmt"
	"io"

	"github.com/go-hotplug/hotplug/internal/pipe"
)

func ExampleNew() {
	a, b := pipe.New(0)
	defer b.Close()
	if _, err := a.Write([]byte("hello")); err != nil { // returns at once: 64 KiB fit
		fmt.Println(err)
	}
	a.Close()
	data, err := io.ReadAll(b)
	fmt.Printf("%s, %v\n", data, err)
	// Output: hello, <nil>
}
