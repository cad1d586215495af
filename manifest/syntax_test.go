package manifest_test

import (
	"strings"
	"testing"
)

func TestParseRefusesWhatIsNotOneJSONObject(t *testing.T) {
	deep := with(`"config": {"schema": ` + strings.Repeat(`{"a":`, 200) + `1` + strings.Repeat("}", 200) + "}")
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", `1:1: found an empty file, want at least "manifest"`},
		{"white space", " \n\t\n", `1:1: found an empty file`},
		{"list", "[]", `1:1: found a list, want one JSON object`},
		{"string", `"x"`, `1:1: found "x", want one JSON object`},
		{"null", "\n null", `2:2: found null, want one JSON object`},
		{"byte order mark", "\xef\xbb\xbf" + with(), `1:1: found a byte order mark, want UTF-8 without it`},
		{"Latin-1", with("\"description\": \"caf\xe9\""), `6:20: found the byte 0xe9, which is not UTF-8`},
		{"UTF-16", "{\x00}\x00\xff\xfe", `1:5: found the byte 0xff, which is not UTF-8`},
		{"line comment", "{\n  // what it is\n}", `2:3: found a comment, want JSON, which has no comments`},
		{"block comment", "{ /* x */ }", `1:3: found a comment`},
		{"comment behind a value", "{\"manifest\": 1, // format\n}", `1:17: found a comment`},
		{"comment behind the object", with() + "// end", `7:1: found a comment`},
		{"second object", with() + "{}", `7:1: found more data after the object`},
		{"closing brace too many", with() + "}", `7:1: found more data after the object`},
		{"cut short", `{"manifest": 1`, `1:15: found the end of the file, want the rest`},
		{"cut in a string", `{"manif`, `1:8: found the end of the file`},
		{"comma at the end", "{\"manifest\": 1,\n}", `2:1: found invalid character '}' looking for beginning of object key string`},
		{"single quotes", "{'manifest': 1}", `1:2: found invalid character '\''`},
		{"no quotes", "{manifest: 1}", `1:2: found invalid character 'm'`},
		{"NaN", `{"manifest": NaN}`, `1:14: found invalid character 'N'`},
		{"nested", deep, `found JSON that is nested too deeply, want at most 100 levels`},
		{"nested far", strings.Repeat("[", 100_000), `found JSON that is nested too deeply`},
		{"over a mebibyte", with() + strings.Repeat(" ", 1<<20), `1:1: found 1048655 bytes, want at most 1048576`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := refused(t, c.text)
			contains(t, text, "plugin.json:", c.want)
			if strings.Contains(text, "\n") {
				t.Errorf("more than one problem, and only one can be known:\n%s", text)
			}
		})
	}
}

func TestColumnsCountCharactersAndLinesSurviveCRLF(t *testing.T) {
	text := strings.ReplaceAll(with(`"description": "日本", "nmae": 1`), "\n", "\r\n")
	contains(t, refused(t, text), `plugin.json:6:22: nmae: found an unknown key, want "name"`)
}
