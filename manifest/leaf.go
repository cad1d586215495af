package manifest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// leaf is a type that is written as a string.
type leaf struct {
	parse  func(text string) (any, error)
	want   string
	schema map[string]any
	within func(v any, tag reflect.StructTag) bool
}

// leaves are all types that are written as a string, besides string itself.
var leaves = map[reflect.Type]leaf{
	reflect.TypeFor[Duration]():        measure(ParseDuration, `a duration such as "500ms", "30s" or "1m30s"`, durationPattern),
	reflect.TypeFor[Size]():            measure(ParseSize, `a size such as "64KiB", "16MiB" or "1GiB"`, sizePattern),
	reflect.TypeFor[Constraint]():      text(ParseConstraint, `a semver constraint such as "^2.0" or ">=1.2 <3"`, ""),
	reflect.TypeFor[*semver.Version](): text(semver.StrictNewVersion, `a semantic version such as "1.4.0"`, versionPattern),
	reflect.TypeFor[Protocol]():        enum(ProtocolHotplug1, ProtocolIsolatedWorkers1),
	reflect.TypeFor[Activation]():      enum(ActivationEager, ActivationLazy),
	reflect.TypeFor[DisconnectMode]():  enum(DisconnectShutdown, DisconnectKeepAlive),
	reflect.TypeFor[ReloadMode]():      enum(ReloadOverlap, ReloadHandoff, ReloadRestart),
	reflect.TypeFor[RollbackMode]():    enum(RollbackRestart, RollbackStale),
	reflect.TypeFor[RestartPolicy]():   enum(RestartOnFailure, RestartAlways, RestartNever),
}

// Patterns for the schema. They only help an editor; the parse functions decide.
const (
	durationPattern = `^\+?(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`
	sizePattern     = `^[0-9]+(B|KiB|MiB|GiB)$`
	versionPattern  = `^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`
)

func text[T any](parse func(string) (T, error), want, pattern string) leaf {
	schema := map[string]any{"type": "string"}
	if pattern != "" {
		schema["pattern"] = pattern
	}
	return leaf{
		parse:  func(s string) (any, error) { return parse(s) },
		want:   want,
		schema: schema,
		within: func(any, reflect.StructTag) bool { return true },
	}
}

// measure is a text with an order, which the tags min and max bound.
func measure[T Duration | Size](parse func(string) (T, error), want, pattern string) leaf {
	l := text(parse, want, pattern)
	l.within = func(v any, tag reflect.StructTag) bool {
		lowest, lowErr := parse(tag.Get("min"))
		highest, highErr := parse(tag.Get("max"))
		return (lowErr != nil || v.(T) >= lowest) && (highErr != nil || v.(T) <= highest)
	}
	return l
}

func enum[T ~string](allowed ...T) leaf {
	names := make([]any, len(allowed))
	quoted := make([]string, len(allowed))
	for i, a := range allowed {
		names[i], quoted[i] = a, fmt.Sprintf("%q", string(a))
	}
	l := text(func(s string) (T, error) {
		if !slices.Contains(allowed, T(s)) {
			return "", errors.New("not one of the allowed values")
		}
		return T(s), nil
	}, strings.Join(quoted, " or "), "")
	l.schema["enum"] = names
	return l
}
