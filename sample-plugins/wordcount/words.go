package main

import (
	"iter"
	"unicode"
	"unicode/utf8"
)

// words are the words of a text, by a part of the rules of Unicode Standard Annex 29 that needs no tables. It differs in two ways: a
// hyphen between letters joins them, as readers see it, and each kana is a word of its own, as a Han character is.
func words(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for text != "" {
			size := wordAt(text)
			if size == 0 {
				_, skip := utf8.DecodeRuneInString(text)
				text = text[skip:]
				continue
			}
			if !yield(text[:size]) {
				return
			}
			text = text[size:]
		}
	}
}

// wordAt is the length in bytes of the word that a text begins with; 0 if it begins with none.
func wordAt(text string) int {
	first, size := utf8.DecodeRuneInString(text)
	if isAlone(first) {
		return size + marks(text[size:])
	}
	if !isWord(first) {
		return 0
	}
	for size < len(text) {
		c, n := utf8.DecodeRuneInString(text[size:])
		switch {
		case isAlone(c):
			return size
		case isWord(c) || isMark(c):
			size += n
		case joins(text[:size], c, text[size+n:]):
			size += n
		default:
			return size
		}
	}
	return size
}

// marks is the length of the marks that a text begins with.
func marks(text string) (size int) {
	for size < len(text) {
		c, n := utf8.DecodeRuneInString(text[size:])
		if !isMark(c) {
			break
		}
		size += n
	}
	return size
}

// joins reports that c, between two parts, makes one word of them: don't, well-known, 3.14, 1,000.
func joins(before string, c rune, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	next, _ := utf8.DecodeRuneInString(after)
	if !isWord(next) || isAlone(next) {
		return false
	}
	switch c {
	case '\'', '’', '-', '\u2010', '\u2011', '·', '_', '\u00AD', '״':
		return true
	case '.', ',':
		return unicode.IsDigit(last) && unicode.IsDigit(next)
	}
	return false
}

// isAlone lists the scripts that are written without spaces and counted by character.
func isAlone(c rune) bool {
	return c >= 0x2E80 && unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana) && unicode.IsOneOf([]*unicode.RangeTable{unicode.Letter, unicode.Number}, c)
}

func isWord(c rune) bool { return unicode.IsLetter(c) || unicode.IsNumber(c) }

// isMark reports what belongs to the character before: accents, vowel signs, and the joiners of Indic and Arabic writing.
func isMark(c rune) bool { return unicode.IsMark(c) || c == '\u200C' || c == '\u200D' }
