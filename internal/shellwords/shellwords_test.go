package shellwords_test

import (
	"os/exec"
	"testing"

	"github.com/go-hotplug/hotplug/internal/shellwords"
)

func TestAWordIsQuotedIfAShellWouldTakeItApartAndElseAsItIs(t *testing.T) {
	for word, want := range map[string]string{
		"plugins": "plugins", "--file": "--file", "/srv/a-b_c.d/x@1.0.0+2": "/srv/a-b_c.d/x@1.0.0+2", "": "''", "my plugins": "'my plugins'",
		"it's": `'it'\''s'`, "$HOME": "'$HOME'", "~": "'~'", "a;b": "'a;b'", "naïve": "'naïve'", "a\nb": "'a\nb'",
	} {
		if got := shellwords.Word(word); got != want {
			t.Errorf("%q became %s, want %s", word, got, want)
		}
	}
}

func TestAShellReadsTheWordsThatWereWritten(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	words := []string{"printf", "%s|", "my plugins", "it's", `a"b`, "$HOME", "`id`", "*", "a\\b", "", "-x", "a\nb"}
	out, err := exec.Command(sh, "-c", shellwords.Line(words...)).Output()
	if want := "my plugins|it's|a\"b|$HOME|`id`|*|a\\b||-x|a\nb|"; err != nil || string(out) != want {
		t.Errorf("a shell reads %q, %v, want %q", out, err, want)
	}
}
