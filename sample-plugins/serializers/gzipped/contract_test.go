package gzipped_test

import (
	"testing"

	"github.com/go-hotplug/hotplug/sample-plugins/serializers/gzipped"
	"github.com/go-hotplug/hotplug/sample-plugins/serializers/serializertest"
)

func TestItDoesWhatASerializerMust(t *testing.T) { serializertest.Run(t, gzipped.Serializer{}) }
