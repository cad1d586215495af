package abridge_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-hotplug/hotplug/internal/abridge"
)

func TestATextOfAtMostSoManyBytesStaysAsItIs(t *testing.T) {
	for _, text := range []string{"", "no paper", strings.Repeat("x", abridge.Most)} {
		if got := abridge.Text(text); got != text {
			t.Errorf("%.40q became %.40q", text, got)
		}
	}
}

func TestALongerTextEndsWithHowManyBytesWereLeftOut(t *testing.T) {
	for _, size := range []int{abridge.Most + 1, 2 * abridge.Most, 1 << 20} {
		got := abridge.Text(strings.Repeat("x", size))
		begin, rest, _ := strings.Cut(got, " ... ")
		if rest != fmt.Sprintf("(%d bytes left out)", size-len(begin)) || strings.Trim(begin, "x") != "" || len(begin) < abridge.Most-100 {
			t.Errorf("%d bytes: %q, of which %d are the text's", size, rest, len(begin))
		}
	}
}

func TestNoResultIsLongerThanThatOrNoUTF8(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		text := []byte(strings.Repeat("aé日\U0001F600", 500+random.IntN(2000))[random.IntN(9):])
		if random.IntN(2) == 0 {
			text[random.IntN(len(text))] = 0xff
		}
		got := abridge.Text(string(text))
		if len(got) > abridge.Most {
			t.Fatalf("%d bytes of %d", len(got), len(text))
		}
		if len(text) > abridge.Most && !utf8.ValidString(got) {
			t.Fatalf("%q is no UTF-8", got)
		}
		if again := abridge.Text(got); again != got {
			t.Fatal("a second time changes it")
		}
	}
}
