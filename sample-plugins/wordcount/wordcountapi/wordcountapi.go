// Package wordcountapi is the contract of plugins that count what people read.
//
//	counts, err := wordcountapi.Count.Call(ctx, peer, wordcountapi.Request{Name: "guide/start.md", Source: source, Longest: 5})
//	fmt.Printf("%d words, %d minutes\n", counts.Words, (counts.Seconds+59)/60)
//
// Code blocks, raw HTML and images are not counted.
package wordcountapi

import "github.com/go-hotplug/hotplug/rpc"

// Count counts the words of a Markdown document. Source over a limit, which are those of markdownapi, is rpc.Invalid, and so is
// Longest over MaxLongest.
const Count rpc.Query[Request, Counts] = "wordcount.count"

const (
	MaxLongest = 100 // words that are listed
	MaxWord    = 64  // characters of a word that is listed: what is longer is a key or a checksum

	WordsPerMinute      = 238 // of English prose in silence, on average: Brysbaert 2019, doi:10.1016/j.jml.2019.104047
	CharactersPerMinute = 360 // of Han and kana: an estimate, one and a half of them for an English word
)

// Request is a document.
type Request struct {
	Name    string `json:"name,omitempty"` // for errors
	Source  string `json:"source"`
	Longest int    `json:"longest,omitempty"` // how many of the longest words are wanted
}

// Counts is what a document has.
type Counts struct {
	// Words is their number. A word is letters, digits and marks, with an apostrophe, hyphen, point or comma inside. Where words
	// are written without spaces, each Han character and each kana is one. Thai, Lao, Khmer and Burmese would need a
	// dictionary: what stands between spaces is one word.
	Words      int      `json:"words"`
	Characters int      `json:"characters,omitempty"` // how many of Words are Han characters or kana
	Seconds    int      `json:"seconds"`              // to read it, rounded up
	Longest    []string `json:"longest,omitempty"`    // each once, the longest first, then by the alphabet; no Han, no kana, no numbers
}
