package shape

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// natural is a JSON value without a shape: whole numbers become int64 or uint64, others float64. A whole number that
// fits neither is an error rather than something near to it.
func natural(path string, v any) (any, error) {
	switch v := v.(type) {
	case json.Number:
		return naturalNumber(path, v)
	case []any:
		for i := range v {
			var err error
			if v[i], err = natural(fmt.Sprintf("%s[%d]", path, i), v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for name := range v {
			var err error
			if v[name], err = natural(join(path, name), v[name]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

func naturalNumber(path string, n json.Number) (any, error) {
	text := n.String()
	if strings.ContainsAny(text, ".eE") {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %s does not fit into float64", place(path), clip(text))
		}
		return f, nil
	}
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i, nil
	}
	u, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%s: %s does not fit into int64 or uint64: write it as a string, or with an exponent if "+
			"it need not be exact", place(path), clip(text))
	}
	return u, nil
}
