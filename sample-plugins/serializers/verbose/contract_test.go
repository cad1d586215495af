package verbose_test

import (
	"testing"

	"github.com/go-hotplug/hotplug/sample-plugins/serializers/serializertest"
	"github.com/go-hotplug/hotplug/sample-plugins/serializers/verbose"
)

func TestItDoesWhatASerializerMust(t *testing.T) { serializertest.Run(t, verbose.Serializer{}) }
