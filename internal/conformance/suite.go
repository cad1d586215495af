package conformance

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-hotplug/hotplug/codec"
	"github.com/go-hotplug/hotplug/internal/wire"
	"github.com/go-hotplug/hotplug/shape"
)

// A Status is how a case ended.
type Status string

const (
	Passed     Status = "passed"
	Failed     Status = "failed"
	NotClaimed Status = "not claimed" // the plugin does not handle what the case needs
)

// A Result is one case with one serializer.
type Result struct {
	Case       string `json:"case"`
	Title      string `json:"title"`
	Section    string `json:"section"`
	Serializer string `json:"serializer,omitempty"` // class name; empty where it does not matter
	Status     Status `json:"status"`
	Why        string `json:"why,omitempty"` // what was expected and what was found; or what is not claimed
}

// A Report is all that was found out about one plugin.
type Report struct {
	OK          bool     `json:"ok"`
	Plugin      string   `json:"plugin"`
	Serializers []string `json:"serializers"`
	Passed      int      `json:"passed"`
	Failed      int      `json:"failed"`
	NotClaimed  int      `json:"notClaimed"`
	Results     []Result `json:"results"`
}

// Options are what may be asked of a run.
type Options struct {
	Cases string // only those whose names begin with this; empty: all
}

// Run plays the cases to a plugin, some at once. The error says that there
// is nothing to report: the program does not start, passes no handshake, or ctx has ended.
func Run(ctx context.Context, t Target, o Options) (*Report, error) {
	cases, err := Cases()
	if err != nil {
		return nil, err
	}
	cases = slices.DeleteFunc(cases, func(c Case) bool { return !strings.HasPrefix(c.Name, o.Cases) })
	if len(cases) == 0 {
		return nil, fmt.Errorf("no case begins with %q: the themes are %s", o.Cases, strings.Join(themes, ", "))
	}
	r := &Report{Plugin: t.Name}
	if r.Plugin == "" {
		r.Plugin = filepath.Base(t.Path)
	}
	spoken, claimed, err := t.probe(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range spoken {
		r.Serializers = append(r.Serializers, s.Name())
	}
	for result := range t.results(ctx, cases, spoken, claimed) {
		r.add(result)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.OK = r.Failed == 0
	return r, nil
}

// atOnce is how many cases are played at once: most of their time they wait.
const atOnce = 4

// results plays all cases and yields what came of them, in order.
func (t *Target) results(ctx context.Context, cases []Case, spoken []codec.Serializer, claimed *claims) iter.Seq[Result] {
	var all []chan Result // each gets one, from its case
	slots := make(chan struct{}, atOnce)
	for i := range cases {
		for _, s := range cases[i].serializers(spoken) {
			done := make(chan Result, 1)
			all = append(all, done)
			go func() { // ends with its case, for which yield below waits
				slots <- struct{}{}
				defer func() { <-slots }()
				done <- t.judge(ctx, &cases[i], claimed, s)
			}()
		}
	}
	return func(yield func(Result) bool) {
		for _, done := range all {
			yield(<-done)
		}
	}
}

func (r *Report) add(result Result) {
	r.Results = append(r.Results, result)
	switch result.Status {
	case Passed:
		r.Passed++
	case Failed:
		r.Failed++
	default:
		r.NotClaimed++
	}
}

// serializers are those that a case is played with: one is enough where no frame is sent.
func (c *Case) serializers(spoken []codec.Serializer) []codec.Serializer {
	if !c.sendsFrames() {
		return spoken[:1]
	}
	var out []codec.Serializer
	for _, s := range spoken {
		if c.Only == "" || c.Only == s.Name() {
			out = append(out, s)
		}
	}
	return out
}

func (c *Case) sendsFrames() bool {
	for _, s := range c.Steps {
		if s.Verb == "accepted" {
			return true
		}
	}
	return false
}

func (t *Target) judge(ctx context.Context, c *Case, claimed *claims, s codec.Serializer) Result {
	r := Result{Case: c.Name, Title: c.Title, Section: c.Section, Status: Passed}
	if c.sendsFrames() {
		r.Serializer = s.Name()
	}
	if missing := claimed.missing(c.Needs); missing != "" {
		r.Status, r.Why = NotClaimed, missing
		return r
	}
	err := t.run(ctx, c, claimed, s)
	_, not := errors.AsType[errNotClaimed](err)
	switch {
	case not:
		r.Status, r.Why = NotClaimed, err.Error()
	case err != nil:
		r.Status, r.Why = Failed, err.Error()
	}
	return r
}

// known are the serializers that cases can be played with.
var known = []codec.Serializer{codec.JsonSerializer{}, codec.MessagePackSerializer{}}

// probe finds out which serializers a plugin speaks, and what it claims to handle.
func (t *Target) probe(ctx context.Context) (spoken []codec.Serializer, claimed *claims, err error) {
	described, err := t.describe(ctx)
	if err != nil {
		return nil, nil, err
	}
	claimed = described
	var why error
	for _, s := range known {
		found, err := t.probeOne(ctx, s, described)
		if err != nil {
			why = errors.Join(why, fmt.Errorf("with %s: %w", s.Name(), err))
			continue
		}
		spoken = append(spoken, s)
		if len(found.order) > 0 {
			claimed = found
			claimed.uses = append(claimed.uses, described.uses...)
		}
	}
	if len(spoken) == 0 {
		return nil, nil, fmt.Errorf("no handshake with it succeeds, so there is nothing to test: %w", why)
	}
	return spoken, claimed, nil
}

// probeOne does a handshake.
func (t *Target) probeOne(ctx context.Context, s codec.Serializer, described *claims) (*claims, error) {
	c, err := Parse("probe", "title: it starts\nsection: Handshake\n\nhello\naccepted\n")
	if err != nil {
		return nil, err
	}
	p := &play{c: &c, plugin: described, serializer: s, peers: map[string]*peer{}}
	if p.process, err = t.launch(&c, s); err != nil {
		return nil, err
	}
	defer p.process.end()
	defer p.hangUp()
	p.vars = p.variables()
	if p.process.first != nil {
		p.meet("a", p.process.first)
	}
	for _, step := range c.Steps {
		if err := verbs[step.Verb](p, ctx, step); err != nil {
			return nil, p.explained(err)
		}
	}
	return claimsOf(p.claimed.Handles, p.claimed.Uses), nil
}

// describe asks for the description; a plugin need not have one.
func (t *Target) describe(ctx context.Context) (*claims, error) {
	c := Case{Start: startup{Mode: "describe"}}
	process, err := t.launch(&c, known[0])
	if err != nil {
		return nil, err
	}
	defer process.end()
	p := &play{c: &c, process: process}
	if err := p.exits(ctx, Step{Rest: "0"}); err != nil {
		return claimsOf(nil, nil), nil
	}
	d, err := parseDescription(process.stdout.String())
	if err != nil {
		return claimsOf(nil, nil), nil
	}
	return claimsOf(d.Handles, d.Uses), nil
}

func claimsOf(handles, uses []wire.Message) *claims {
	c := &claims{handles: map[string]wire.Message{}, uses: uses}
	for _, m := range handles {
		c.handles[m.Name] = m
		c.order = append(c.order, m.Name)
	}
	return c
}

// offered is what the runner's hello says that it handles: all that the plugin uses, and what the cases make it call.
func (c *claims) offered() []wire.Message {
	return append([]wire.Message{{Name: "conformance.host", Kind: "method"}, {Name: "conformance.told", Kind: "notice"}}, c.uses...)
}

// missing says which of the needs is not handled.
func (c *claims) missing(needs []string) string {
	for _, need := range needs {
		if c.find(need) != "" {
			continue
		}
		switch need {
		case "$call":
			return "it describes no call whose payload is a struct"
		case "$notice":
			return "it describes no notice"
		}
		return "it does not handle " + need
	}
	return ""
}

// find is the message that a need stands for; empty if there is none.
func (c *claims) find(need string) string {
	if !strings.HasPrefix(need, "$") {
		return c.handles[need].Name
	}
	for _, name := range c.order {
		m := c.handles[name]
		if need == "$notice" && m.Kind == "notice" || need == "$call" && (m.Kind == "method" || m.Kind == "query") && m.Payload != nil && m.Payload.Kind == shape.Struct {
			return name
		}
	}
	return ""
}
