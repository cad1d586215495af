package cbor_test

import (
	"testing"

	"github.com/go-hotplug/hotplug/sample-plugins/serializers/cbor"
	"github.com/go-hotplug/hotplug/sample-plugins/serializers/serializertest"
)

func TestItDoesWhatASerializerMust(t *testing.T) { serializertest.Run(t, cbor.Serializer{}) }
