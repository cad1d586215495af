package codec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// checkJSON refuses what encoding/json would repair in silence, and nesting that it would follow.
func checkJSON(data []byte) error {
	if !utf8.Valid(data) {
		at := firstInvalid(data)
		return fmt.Errorf("offset %d: byte 0x%02x is not valid UTF-8", at, data[at])
	}
	if err := checkSurrogates(data); err != nil {
		return err
	}
	if bytes.Count(data, []byte("["))+bytes.Count(data, []byte("{")) <= MaxDepth {
		return nil
	}
	return checkNesting(data)
}

// firstInvalid is the offset of the first byte that is not part of a valid UTF-8 sequence.
func firstInvalid[T string | []byte](s T) int {
	for at, r := range string(s) {
		if r != utf8.RuneError {
			continue
		}
		if _, n := utf8.DecodeRuneInString(string(s[at:min(at+4, len(s))])); n == 1 {
			return at
		}
	}
	return len(s)
}

func checkNesting(data []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '[' || c == '{':
			if depth++; depth > MaxDepth {
				return fmt.Errorf("offset %d: nested deeper than %d", i, MaxDepth)
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return nil
}

// checkSurrogates refuses an escape of half a surrogate pair, \ud800 to \udfff without its partner.
func checkSurrogates(data []byte) error {
	for at := 0; ; {
		next := bytes.IndexByte(data[at:], '\\')
		if next < 0 {
			return nil
		}
		at += next
		unit := escapedUnit(data[at:])
		low := escapedUnit(data[min(at+6, len(data)):])
		switch {
		case unit < 0xd800 || unit > 0xdfff:
			at = min(at+2, len(data)) // past the escape's letter, which may be a backslash
		case unit < 0xdc00 && low >= 0xdc00 && low <= 0xdfff:
			at += 12
		default:
			return fmt.Errorf("offset %d: %s is half a surrogate pair, which no string can hold", at, data[at:at+6])
		}
	}
}

// escapedUnit is the UTF-16 unit of the escape \uXXXX at the start of b, or -1.
func escapedUnit(b []byte) int {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	u, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return int(u)
}

// explainJSON turns the errors of encoding/json into texts like those of the MessagePack serializer.
func explainJSON(err error) error {
	var wrong *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &wrong):
		reason := mismatch(wrong.Value, wrong.Type)
		if wrong.Field == "" {
			return reason
		}
		return &pathError{path: wrong.Field, err: reason}
	case errors.As(err, &syntax):
		return fmt.Errorf("offset %d: %w", syntax.Offset, err)
	}
	return err
}

func mismatch(found string, want reflect.Type) error {
	number, isNumber := strings.CutPrefix(found, "number ")
	if !isNumber {
		return fmt.Errorf("%s found, %s expected", found, want)
	}
	p := infoOf(want).plan
	whole := !strings.ContainsAny(number, ".eE")
	switch {
	case p.shape == float:
		return fmt.Errorf("%s does not fit %s (up to %v)", number, want, largest(want))
	case p.shape != signed && p.shape != unsigned:
		return fmt.Errorf("number found, %s expected", want)
	case !whole:
		return fmt.Errorf("%s is not a whole number, %s expected", number, want)
	}
	return fmt.Errorf("%s does not fit %s (%d to %d)", number, want, p.lo, p.hi)
}

func largest(float reflect.Type) float64 {
	if float.Bits() == 32 {
		return math.MaxFloat32
	}
	return math.MaxFloat64
}
