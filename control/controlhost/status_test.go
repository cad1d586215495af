package controlhost_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/go-hotplug/hotplug/control"
	"github.com/go-hotplug/hotplug/host"
)

func TestAStatusIsToldWithAllThatAHostKnows(t *testing.T) {
	implied := []string{"Connected", "Active"} // by the state and by the process's id
	told := reflect.TypeFor[control.Plugin]()
	for f := range reflect.TypeFor[host.Status]().Fields() {
		other, there := told.FieldByName(f.Name)
		if !slices.Contains(implied, f.Name) && (!there || other.Tag != f.Tag) {
			t.Errorf("host.Status.%s %s: control.Plugin has %v %s", f.Name, f.Tag, there, other.Tag)
		}
	}
}
