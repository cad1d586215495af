package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/rpc/rpctest"
	"github.com/go-hotplug/hotplug/sample-plugins/wordcount/wordcountapi"
)

func connect(t testing.TB) rpc.Peer {
	t.Helper()
	p, _ := rpctest.Pair(t, nil, handlers())
	return p
}

func TestWordsAreWhatReadersSee(t *testing.T) {
	for text, want := range map[string]string{
		"It's a well-known fact - isn’t it?":  "It's|a|well-known|fact|isn’t|it",
		"3.14, 1,000 and 10.":                 "3.14|1,000|and|10",
		"end.Begin x,y a/b":                   "end|Begin|x|y|a|b",
		"'quoted' -dash- snake_case _x_":      "quoted|dash|snake_case|x",
		"naïve cafe\u0301 Straße":             "naïve|cafe\u0301|Straße",
		"Привет, мир! Γειά σου":               "Привет|мир|Γειά|σου",
		"안녕하세요 세계":                            "안녕하세요|세계",
		"我们用 Go 写插件。":                         "我|们|用|Go|写|插|件",
		"プラグイン、かな":                            "プ|ラ|グ|イ|ン|か|な",
		"か\u3099x漢字y":                         "か\u3099|x|漢|字|y",
		"नमस्ते दुनिया":                       "नमस्ते|दुनिया",
		"می\u200cخواهم":                       "می\u200cخواهم",
		"\U00020000\U0001F600 word\U0001F600": "\U00020000|word",
		"--- ... \u200d \xff":                 "",
		"don't-":                              "don't",
		"a-漢":                                 "a|漢",
	} {
		if got := strings.Join(slices.Collect(words(text)), "|"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestCountLeavesOutWhatIsNotRead(t *testing.T) {
	source := "# Two words\n\nThree `inline` words. ![not this](x.png)\n\n```go\nfunc not() {}\n```\n\n<div>raw</div>\n\n我们\n"
	got, err := wordcountapi.Count.Call(t.Context(), connect(t), wordcountapi.Request{Source: source, Longest: 2})
	if err != nil || got.Words != 7 || got.Characters != 2 || !slices.Equal(got.Longest, []string{"inline", "Three"}) {
		t.Errorf("got %+v, %v; want 7 words, 2 of them characters, and the longest", got, err)
	}
}

func TestSecondsAddUpBothSpeeds(t *testing.T) {
	for _, test := range []struct{ words, characters, want int }{
		{0, 0, 0}, {1, 0, 1}, {238, 0, 60}, {239, 0, 61}, {0, 360, 60}, {238, 360, 120}, {1 << 20, 0, 264_347},
	} {
		if got := seconds(test.words, test.characters); got != test.want {
			t.Errorf("%d words and %d characters: %d s, want %d", test.words, test.characters, got, test.want)
		}
	}
}

func TestLongestAreWordsEachOnce(t *testing.T) {
	source := "aa bb aa ccc dddd 123456789 " + strings.Repeat("z", wordcountapi.MaxWord) + " " + strings.Repeat("k", wordcountapi.MaxWord+1) + " zürich1"
	got, err := wordcountapi.Count.Call(t.Context(), connect(t), wordcountapi.Request{Source: source, Longest: 5})
	want := []string{strings.Repeat("z", wordcountapi.MaxWord), "zürich1", "dddd", "ccc", "aa"}
	if err != nil || !slices.Equal(got.Longest, want) {
		t.Errorf("got %q, %v; want %q", got.Longest, err, want)
	}
}

func TestCountRefusesWhatItCannotDo(t *testing.T) {
	p := connect(t)
	for want, req := range map[string]wordcountapi.Request{
		"the 101 longest words": {Longest: wordcountapi.MaxLongest + 1},
		"the -1 longest words":  {Longest: -1},
		"a.md:1: the line is ":  {Name: "a.md", Source: strings.Repeat("x", 1<<17)},
	} {
		if _, err := wordcountapi.Count.Call(t.Context(), p, req); !errors.Is(err, rpc.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want Invalid with %q", err, want)
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add("It's well-known: 3.14, 我们用 Go.")
	f.Add("\xff\u200d'-_\u0301")
	f.Fuzz(func(t *testing.T, text string) {
		rest := text
		for word := range words(text) {
			i := strings.Index(rest, word)
			if word == "" || i < 0 {
				t.Fatalf("%q is not in %q, where it should be", word, rest)
			}
			if first, _ := utf8.DecodeRuneInString(word); !isWord(first) {
				t.Errorf("word %q begins with %q", word, first)
			}
			rest = rest[i+len(word):]
		}
	})
}
