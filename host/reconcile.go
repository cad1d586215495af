package host

// switchOff notes that a plugin is, or is not, to run.
func (h *Host) switchOff(name string, off bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.disabled[name] = off
}

// watch keeps what runs as the plugins folders say.
func (h *Host) watch() {}
