package pipe

import "time"

// deadline is one side's deadline on a flow. The flow's mutex guards it.
type deadline struct {
	passed bool
	timer  *time.Timer // nil if there is no deadline, or it has passed
	turn   int         // counts the settings, so that a timer that fires late knows that it was replaced
}

// set replaces the deadline by t (the zero time: none) and wakes those who wait on f if t has passed.
func (d *deadline) set(f *flow, t time.Time) {
	d.stop()
	d.passed = false
	if t.IsZero() {
		return
	}
	left := time.Until(t)
	if left <= 0 {
		d.passed = true
		f.changed.Broadcast()
		return
	}
	turn := d.turn
	d.timer = time.AfterFunc(left, func() { d.expire(f, turn) })
}

func (d *deadline) expire(f *flow, turn int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d.turn != turn {
		return
	}
	d.passed, d.timer = true, nil
	f.changed.Broadcast()
}

func (d *deadline) stop() {
	d.turn++
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}
