package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// node is one JSON value and where it stands.
type node struct {
	start, end int // byte offsets
	kind       string
	text       string // of a string (decoded), number or literal
	members    []member
	items      []*node
}

// The kinds of a node, as an error names them.
const (
	kindObject = "an object"
	kindList   = "a list"
	kindString = "a string"
	kindNumber = "a number"
	kindBool   = "a boolean"
	kindNull   = "null"
)

// member is one key of an object with its value.
type member struct {
	key   string
	start int
	value *node
}

// found describes the value for an error.
func (n *node) found() string {
	switch n.kind {
	case kindString:
		return quote(n.text)
	case kindNumber, kindBool:
		return clip(n.text)
	}
	return n.kind
}

// parseTree reads one JSON object; the finding says why there is none.
func parseTree(data []byte) (*node, *finding) {
	if f := notText(data); f != nil {
		return nil, f
	}
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		return nil, explainSyntax(data, err)
	}
	r := &treeReader{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	r.dec.UseNumber()
	root, err := r.value()
	if err != nil {
		return nil, &finding{offset: int(r.dec.InputOffset()) - 1, found: "JSON that is " + err.Error(), want: fmt.Sprintf("at most %d levels", maxDepth)}
	}
	if root.kind != kindObject {
		return nil, &finding{offset: root.start, found: root.found(), want: "one JSON object { ... }"}
	}
	return root, nil
}

// notText refuses what cannot be JSON before anything looks at it.
func notText(data []byte) *finding {
	if len(bytes.TrimSpace(data)) == 0 {
		return &finding{found: "an empty file", want: `at least "manifest", "name", "version" and "entry"`}
	}
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		return &finding{found: "a byte order mark", want: "UTF-8 without it"}
	}
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return &finding{offset: i, found: fmt.Sprintf("the byte 0x%02x, which is not UTF-8", data[i]), want: "a file in UTF-8"}
		}
		i += n
	}
	return nil
}

// explainSyntax turns the JSON library's error into a place and a sentence.
func explainSyntax(data []byte, err error) *finding {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return &finding{found: err.Error(), want: "JSON"}
	}
	at := max(int(syntax.Offset)-1, 0)
	text := syntax.Error()
	switch {
	case text == "unexpected end of JSON input":
		return &finding{offset: len(data), found: "the end of the file", want: "the rest of the JSON object"}
	case at < len(data) && data[at] == '/':
		return &finding{offset: at, found: "a comment", want: `JSON, which has no comments (a key such as "x-note" is free for notes)`}
	case strings.HasSuffix(text, "after top-level value"):
		return &finding{offset: at, found: "more data after the object", want: "one JSON object and nothing else"}
	case strings.Contains(text, "exceeded max depth"):
		return &finding{offset: at, found: "JSON that is " + errTooDeep.Error(), want: fmt.Sprintf("at most %d levels", maxDepth)}
	}
	return &finding{offset: at, found: text, want: "JSON"}
}

// treeReader builds nodes from tokens. The text is known to be valid JSON of bounded depth when it starts.
type treeReader struct {
	data  []byte
	dec   *json.Decoder
	depth int
}

// maxDepth is how deep a manifest may be nested. It keeps the paths of keys short.
const maxDepth = 100

var errTooDeep = errors.New("nested too deeply")

// token reads the next token and where it starts: behind the white space, comma or colon before it.
func (r *treeReader) token() (json.Token, int, error) {
	start := int(r.dec.InputOffset())
	for start < len(r.data) && strings.IndexByte(" \t\r\n,:", r.data[start]) >= 0 {
		start++
	}
	t, err := r.dec.Token()
	return t, start, err
}

func (r *treeReader) value() (*node, error) {
	t, start, err := r.token()
	if err != nil {
		return nil, err
	}
	n := &node{start: start}
	switch t := t.(type) {
	case json.Delim:
		err = r.fill(n, t)
	case string:
		n.kind, n.text = kindString, t
	case json.Number:
		n.kind, n.text = kindNumber, t.String()
	case bool:
		n.kind, n.text = kindBool, fmt.Sprint(t)
	default:
		n.kind = kindNull
	}
	n.end = int(r.dec.InputOffset())
	return n, err
}

// fill reads what an opening brace or bracket holds, and the closing one.
func (r *treeReader) fill(n *node, open json.Delim) error {
	n.kind = kindList
	if open == '{' {
		n.kind = kindObject
	}
	if r.depth++; r.depth > maxDepth {
		return errTooDeep
	}
	defer func() { r.depth-- }()
	for r.dec.More() {
		if err := r.element(n); err != nil {
			return err
		}
	}
	_, _, err := r.token()
	return err
}

func (r *treeReader) element(n *node) error {
	if n.kind == kindList {
		item, err := r.value()
		n.items = append(n.items, item)
		return err
	}
	key, start, err := r.token()
	if err != nil {
		return err
	}
	value, err := r.value()
	name, _ := key.(string)
	n.members = append(n.members, member{key: name, start: start, value: value})
	return err
}
