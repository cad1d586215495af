package shape_test

import (
	"fmt"

	"github.com/go-hotplug/hotplug/shape"
)

func Example() {
	type Person struct {
		Name string   `json:"name"`
		Age  int64    `json:"age"`
		Tags []string `json:"tags,omitempty"`
	}
	type Older struct {
		Age int8 `json:"age"`
	}
	s := shape.Of[Person]()
	fmt.Println(s)
	fmt.Println(shape.Compatible(s, shape.Of[Older]()))
	_, err := s.FromJSON([]byte(`{"nme":"Ada"}`))
	fmt.Println(err)
	// Output:
	// {name string, age int64, tags? []string}
	// field "age" is int64 at the sender and int8 at the receiver
	// field "nme" is unknown: did you mean "name"?
}
