package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// account judges every failure, and compares what ran with what callers got.
func (c *chaos) account(r *report) error {
	l := c.load
	r.Reloads, r.Configurations, r.Refused, r.Rollbacks, r.Kills, r.Stops = c.reloads.Load(), c.configs.Load(), c.refused.Load(), c.rollbacks.Load(), c.kills.Load(), c.stops.Load()
	r.Calls, r.Notices = l.calls, l.notices
	c.judgeAll(r)
	for _, name := range plugins {
		processes, err := readRecords(filepath.Join(c.records, name))
		if err != nil {
			return err
		}
		c.enter(r, name, l.ledger.audit(processes, callersOf(name), name == killed))
	}
	r.Violations, r.WrongAnswers, r.Examples = r.Violations+l.broken, l.wrong, l.examples
	return nil
}

func callersOf(name string) map[int]bool {
	callers := map[int]bool{}
	for caller, plugin := range assigned {
		if plugin == name {
			callers[caller] = true
		}
	}
	return callers
}

// judgeAll judges what failed, and who died.
func (c *chaos) judgeAll(r *report) {
	l := c.load
	for _, f := range l.failures {
		by, why := judge(f, l.incidents)
		if why != "" {
			l.example(why)
		}
		switch {
		case by == "":
			r.FailedByGoodReloads++
		case why != "":
			r.FailedWrongly++
		case by == badVersion:
			r.FailedByBadVersions++
		default:
			r.FailedBySignals++
		}
	}
	for _, d := range c.deaths {
		if !d.explained(l.incidents) {
			l.fails("%s %s, process %d, died of nothing that was done to it: %s", d.worker.Plugin, d.worker.Version, d.worker.PID, d.text)
		}
	}
}

// enter adds what was found of one plugin.
func (c *chaos) enter(r *report, name string, f finding) {
	counted := c.lost[name]
	r.RanTwice += f.twice
	r.Vanished += f.vanished
	r.Phantoms += f.phantom + f.noticesPhantom
	r.NoticesTwice += f.noticesTwice
	r.Disorder += f.disorder + f.gaps
	if keeps(name) && c.counts[name] != f.count {
		r.StateLost += max(f.count-c.counts[name], c.counts[name]-f.count)
		c.load.example(fmt.Sprintf("%s counts %d adds in the end, its processes have written down %d", name, c.counts[name], f.count))
	}
	if onlyGood(name) {
		r.NoticesLostByReloads += f.noticesLost + counted
		return
	}
	r.NoticesLostByDeaths += f.noticesLost
	r.NoticesUnacknowledged += counted
	r.NoticesHandledLast += counted - f.noticesLost
	last := c.died[name]
	if name == bad { // those of its processes that die have handled none
		last = 0
	}
	if !f.tallies(counted, last) {
		c.load.fails("%s: %d notices were lost, and the host counted %d, when %d processes died", name, f.noticesLost, counted, c.died[name])
	}
}

// readRecords reads what each process of a plugin has written.
func readRecords(dir string) (all []record, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		r, err := readRecord(file)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

func readRecord(file string) (r record, err error) {
	f, err := os.Open(file)
	if err != nil {
		return r, err
	}
	defer f.Close()
	r.mode = strings.SplitN(filepath.Base(file), "-", 3)[2]
	in := bufio.NewReader(f)
	for entry := make([]byte, 9); ; {
		_, err := io.ReadFull(in, entry)
		if err == io.EOF {
			return r, nil
		}
		if err != nil {
			return r, fmt.Errorf("%s: %w", file, err)
		}
		if id := binary.BigEndian.Uint64(entry[1:]); entry[0] == ranAdd {
			r.adds = append(r.adds, id)
		} else {
			r.tells = append(r.tells, id)
		}
	}
}
