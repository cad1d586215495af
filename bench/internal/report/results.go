package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/go-hotplug/hotplug/bench/internal/place"
	"github.com/go-hotplug/hotplug/bench/internal/result"
)

// A Results is one run.
type Results struct {
	Machine Machine      `json:"machine"`
	Bars    []Bar        `json:"bars"`
	Rows    []result.Row `json:"rows"`
}

// A Machine is where it was.
type Machine struct {
	Cores     int    `json:"cores"`
	Processor string `json:"processor"`
	Kernel    string `json:"kernel"`
	Go        string `json:"go"`
	Date      string `json:"date"`
}

// New is a run of this machine, today.
func New(rows []result.Row) Results {
	m := Machine{
		Cores: runtime.NumCPU(), Processor: place.Processor(), Kernel: place.Kernel(), Go: runtime.Version(),
		Date: time.Now().UTC().Format(time.DateOnly),
	}
	return Results{Machine: m, Bars: Judge(rows), Rows: rows}
}

// digits of a value that are kept: more of them are noise.
const digits = 4

// Write writes a run to a file, a line for each row.
func (r Results) Write(path string) error {
	var b bytes.Buffer
	machine, err := json.Marshal(r.Machine)
	if err != nil {
		return err
	}
	fmt.Fprintf(&b, "{\n\"machine\": %s,\n", machine)
	if err := writeList(&b, "bars", r.Bars); err != nil {
		return err
	}
	b.WriteString(",\n")
	rows := make([]result.Row, len(r.Rows))
	for i, row := range r.Rows {
		rows[i] = row
		rows[i].Values = rounded(row.Values)
	}
	if err := writeList(&b, "rows", rows); err != nil {
		return err
	}
	b.WriteString("\n}\n")
	return os.WriteFile(path, b.Bytes(), 0o644)
}

func writeList[T any](b *bytes.Buffer, name string, list []T) error {
	fmt.Fprintf(b, "%q: [", name)
	for i, v := range list {
		line, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "\n%s", line)
	}
	b.WriteString("\n]")
	return nil
}

func rounded(values []float64) (out []float64) {
	for _, v := range values {
		short, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', digits, 64), 64) // what was formatted can be parsed
		out = append(out, short)
	}
	return out
}

// Read reads what Write has written.
func Read(path string) (r Results, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("read %s: %w: measure again, which writes it anew", path, err)
	}
	return r, nil
}
