package main

import "strings"

const maxOpen = 256 // elements inside of each other; browsers stop at 512

// balancer writes tags so that every element is closed within the page, and nothing around the page is.
type balancer struct {
	out   strings.Builder
	stack []string       // open elements
	open  map[string]int // how many of each are on the stack: a hostile page must not make us search it in vain
}

// balance writes the page.
func balance(tags []*tag) string {
	b := &balancer{open: map[string]int{}}
	for _, t := range tags {
		b.out.WriteString(t.text)
		switch {
		case t.name == "":
		case isVoid(t.name):
			if !t.closing {
				t.write(&b.out)
			}
		case t.closing:
			b.close(t.name)
		case len(b.stack) < maxOpen:
			b.stack = append(b.stack, t.name)
			b.open[t.name]++
			t.write(&b.out)
		}
	}
	for len(b.stack) > 0 {
		b.pop()
	}
	return b.out.String()
}

// close ends the innermost element of that name with all that is open in it; a tag that closes nothing goes.
func (b *balancer) close(name string) {
	if b.open[name] == 0 {
		return
	}
	for b.pop() != name {
	}
}

func (b *balancer) pop() string {
	name := b.stack[len(b.stack)-1]
	b.stack = b.stack[:len(b.stack)-1]
	b.open[name]--
	b.out.WriteString("</" + name + ">")
	return name
}

func isVoid(name string) bool {
	switch name {
	case "br", "hr", "img", "input", "col", "wbr":
		return true
	}
	return false
}
