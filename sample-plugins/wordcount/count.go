package main

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"

	"github.com/go-hotplug/hotplug/rpc"
	"github.com/go-hotplug/hotplug/sample-plugins/internal/prose"
	"github.com/go-hotplug/hotplug/sample-plugins/wordcount/wordcountapi"
)

var markdown = goldmark.New(prose.Options()...).Parser()

func count(_ context.Context, req wordcountapi.Request) (wordcountapi.Counts, error) {
	if req.Longest < 0 || req.Longest > wordcountapi.MaxLongest {
		return wordcountapi.Counts{}, rpc.Errorf(rpc.Invalid, "the %d longest words: from 0 to %d are listed", req.Longest, wordcountapi.MaxLongest)
	}
	if err := prose.Check(req.Name, req.Source); err != nil {
		return wordcountapi.Counts{}, err
	}
	source := []byte(strings.ToValidUTF8(req.Source, "\uFFFD"))
	return tally(prose.Text(prose.Parse(markdown, source, nil), source), req.Longest), nil
}

// tally counts the words of a text and lists n of them.
func tally(text string, n int) wordcountapi.Counts {
	var counts wordcountapi.Counts
	seen := map[string]int{} // length in characters, of what may be listed
	for word := range words(text) {
		counts.Words++
		first, _ := utf8.DecodeRuneInString(word)
		if isAlone(first) {
			counts.Characters++
			continue
		}
		if length := utf8.RuneCountInString(word); n > 0 && length <= wordcountapi.MaxWord && strings.ContainsFunc(word, unicode.IsLetter) {
			seen[word] = length
		}
	}
	counts.Seconds = seconds(counts.Words-counts.Characters, counts.Characters)
	counts.Longest = longest(seen, n)
	return counts
}

// seconds to read that many words and single characters, rounded up.
func seconds(words, characters int) int {
	const w, c = wordcountapi.WordsPerMinute, wordcountapi.CharactersPerMinute
	return (60*(words*c+characters*w) + w*c - 1) / (w * c)
}

func longest(seen map[string]int, n int) []string {
	all := slices.SortedFunc(maps.Keys(seen), func(a, b string) int {
		return cmp.Or(cmp.Compare(seen[b], seen[a]), cmp.Compare(a, b))
	})
	return all[:min(n, len(all))]
}
