// Faultlist prints what the tests recorded of the rows of package faults, for docs/reliability.md.
//
//	faultlist plugin FILE   // the rows that a plugin played to its host
//	faultlist host FILE     // the rows that a host, or a stranger, played to a plugin
//	faultlist machine FILE  // the rows of what the machine did to both
//	faultlist bound         // what one connection may keep in memory, part by part
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/go-hotplug/hotplug/e2e/internal/faults"
	"github.com/go-hotplug/hotplug/internal/wire"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "faultlist:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "bound":
		bound()
		return nil
	case len(args) == 2:
		return list(args[0], args[1])
	}
	return fmt.Errorf("usage: faultlist plugin|host|machine FILE, or faultlist bound")
}

// list prints one side's rows.
func list(side, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if side == "machine" {
		fmt.Print("held\ttook\tafter\tfault, and what was said\n")
		return rows(f, side, machineRow)
	}
	fmt.Print("held\ttimes\tKiB\t", ifPlugin(side, "calls\tp99\t"), "after\tfault, and what ended the connection\n")
	return rows(f, side, row)
}

// rows prints what a file has of a side.
func rows(f io.Reader, side string, print func(*faults.Record)) error {
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var r faults.Record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return err
		}
		if r.Side == side {
			print(&r)
		}
	}
	return lines.Err()
}

// machineRow is a row of what the machine did.
func machineRow(r *faults.Record) {
	fmt.Printf("%s\t%s\t%s\t%s\n", held(r), time.Duration(r.Took)*time.Millisecond, r.After, r.Fault)
	for _, line := range folded(r.Rule) {
		fmt.Printf("\t\t\t  %s\n", line)
	}
}

// folded is a text in lines that are as long as what is shown of an error elsewhere, at most three.
func folded(text string) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	if line != "" {
		lines = append(lines, line)
	}
	if len(lines) > 3 {
		lines = append(lines[:2], lines[2]+" ...")
	}
	return lines
}

func held(r *faults.Record) string { return map[bool]string{true: "yes", false: "NO"}[r.Held] }

func ifPlugin(side, text string) string {
	if side == "plugin" {
		return text
	}
	return ""
}

func row(r *faults.Record) {
	kib := "-"
	if r.Bytes >= 0 {
		kib = fmt.Sprint(r.Bytes >> 10)
	}
	others := ifPlugin(r.Side, fmt.Sprintf("%d\t%s\t", r.Calls, (time.Duration(r.P99)*time.Microsecond).Round(100*time.Microsecond)))
	fmt.Printf("%s\t%d\t%s\t%s%s\t%s\n", held(r), r.Times, kib, others, r.After, r.Fault)
	if r.Rule != "" {
		fmt.Printf("\t\t\t%s\t  %s\n", ifPlugin(r.Side, "\t\t"), shortened(r.Rule))
	}
}

// width is how many bytes of an error are shown.
const width = 90

func shortened(text string) string {
	if len(text) <= width {
		return text
	}
	return text[:width] + "..."
}

// bound prints what one connection may keep: with the limits of the tests, and with those that hold where none are configured.
func bound() {
	tests, defaults := faults.Parts(faults.Limits), faults.Parts(wire.Limits{}.WithDefaults())
	fmt.Print("these tests\tby default\tMiB\n")
	for i := range tests {
		fmt.Printf("%.1f\t%.1f\t%s\n", mib(tests[i].Bytes), mib(defaults[i].Bytes), tests[i].What)
	}
	fmt.Printf("%.1f\t%.1f\tin all\n", mib(faults.Bound(faults.Limits)), mib(faults.Bound(wire.Limits{}.WithDefaults())))
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }
