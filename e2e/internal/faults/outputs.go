package faults

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// An Output is a row of what a plugin can print that no log expects. None of it is protocol: the connection goes on.
type Output struct {
	Name  string
	Print func()
	Logs  []string // parts of messages that the host's log must have then
}

// OutputNamed is the row of a name; nil: there is none.
func OutputNamed(name string) *Output {
	for _, o := range Outputs {
		if o.Name == name {
			return &o
		}
	}
	return nil
}

// Outputs are the rows. The last line of each is said to be logged, so that all before it was read.
var Outputs = []Output{
	{Name: "lines of hclog whose fields have the wrong types", Logs: []string{`{"@level":7,"@message":"level"}`, `{"@level":"info","@message":{"text":1}}`, `{"@level":["info"]}`, "timestamp", "wrong level"}, Print: prints(
		`{"@level":7,"@message":"level"}`, `{"@level":"info","@message":{"text":1}}`, `{"@level":["info"]}`, `{"@level":"info","@message":"timestamp","@timestamp":{"a":[]},"@module":9,"n":1e999}`,
		`{"@level":"loudest","@message":"wrong level"}`)},
	{Name: "lines of hclog that are no JSON, nested deep, or named twice", Logs: []string{`{"@level":"info"`, "{{{{", "second"}, Print: prints(
		`{"@level":"info"`, `{"@level":"info","@message":"deep","x":`+strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)+`}`, strings.Repeat("{", 1000), `{"@level":"info","@message":"first","@message":"second"}`)},
	{Name: "a line of 1 MiB on stderr, without an end", Logs: []string{strings.Repeat("x", 60<<10)}, Print: func() { _, _ = os.Stderr.Write(bytes.Repeat([]byte("x"), 1<<20)) }},
	{Name: "a start-up line of another library, with a certificate and a token", Logs: []string{"1|1|unix|/tmp/plugin|grpc|MIIBtTCCARugAwIBAg=="}, Print: func() {
		fmt.Println("1|1|unix|/tmp/plugin|grpc|MIIBtTCCARugAwIBAg==")
	}},
	{Name: "bytes that command a terminal, and no UTF-8", Logs: []string{`\x1b[2J`}, Print: prints("\x1b[2J\x07", "\xff\xfe\x00")},
	{Name: "stdout and stderr closed", Print: func() { os.Stdout.Close(); os.Stderr.Close() }},
}

func prints(all ...string) func() {
	return func() {
		for _, line := range all {
			fmt.Fprintln(os.Stderr, line)
		}
	}
}
