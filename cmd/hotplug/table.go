package main

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The colours, as terminals know them.
const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	bold   = "\x1b[1m"
	plain  = "\x1b[0m"
)

// A cell is text in a table, and its colour on a terminal.
type cell struct{ text, color string }

// A table is rows of cells. The head is shown on a terminal only, so that what reads a pipe finds nothing but data.
type table struct {
	head []string
	rows [][]cell
}

func (t *table) add(cells ...cell) { t.rows = append(t.rows, cells) }

// text is a cell without a colour.
func text(s string) cell { return cell{text: s} }

// print writes a table: aligned on a terminal, separated by tabs elsewhere.
func (a *app) print(t *table) error {
	var b strings.Builder
	if a.outTerminal {
		t.align(&b, a.colors(true))
	} else {
		t.separate(&b)
	}
	_, err := a.out.Write([]byte(b.String()))
	return written(err)
}

// separate writes one line per row. A cell holds neither tab nor newline.
func (t *table) separate(b *strings.Builder) {
	for _, row := range t.rows {
		for i, c := range row {
			if i > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(oneLine(c.text))
		}
		b.WriteByte('\n')
	}
}

// align writes columns two blanks apart. The last column is as wide as it is.
func (t *table) align(b *strings.Builder, colors bool) {
	rows := t.rows
	if len(t.head) > 0 {
		head := make([]cell, len(t.head))
		for i, h := range t.head {
			head[i] = cell{h, bold}
		}
		rows = append([][]cell{head}, rows...)
	}
	widths := columnWidths(rows)
	for _, row := range rows {
		gap := 0 // blanks that are due before the next text, so that none end a line
		for i, c := range row {
			s := oneLine(c.text)
			if s != "" {
				b.WriteString(strings.Repeat(" ", gap))
				gap = 0
			}
			gap += widths[i] - utf8.RuneCountInString(s) + 2
			if c.color != "" && s != "" && colors {
				s = c.color + s + plain
			}
			b.WriteString(s)
		}
		b.WriteByte('\n')
	}
}

func columnWidths(rows [][]cell) []int {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(oneLine(c.text)))
		}
	}
	return widths
}

// oneLine is text as it stands in a cell.
func oneLine(s string) string {
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	for i := range lines {
		lines[i] = strings.TrimSpace(strings.ReplaceAll(lines[i], "\t", " "))
	}
	return printable(strings.Join(lines, "; "))
}

// printable replaces what would command the terminal rather than be read: much of what is printed was said by a plugin.
func printable(s string) string {
	commands := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	if strings.IndexFunc(s, commands) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if commands(r) {
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
