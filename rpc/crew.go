package rpc

import "sync"

// mostIdle is how many goroutines of a crew wait for something to do. It bounds the memory that a time of many calls at once leaves behind.
const mostIdle = 8

// A crew is the goroutines that run handlers. One that is done runs the next handler: a new one for each would first grow its stack, which costs
// more than most handlers do. No handler waits for another one to end: while requests wait, a goroutine that runs none is on its way to them.
type crew struct {
	home *sync.WaitGroup // counts those that are idle when the crew is dismissed

	mu        sync.Mutex // guards all below; never held while a handler runs
	queue     []*inbound // as many as admit lets in
	taken     int        // of queue, from its beginning
	coming    bool       // a goroutine is on its way, and has not looked yet
	kept      bool       // whoever reads takes what is in the queue: nobody else is to come
	idle      []chan struct{}
	dismissed bool
}

// run has a handler run, and those of what was kept.
func (k *crew) run(in *inbound) {
	k.mu.Lock()
	k.queue, k.kept = append(k.queue, in), false
	k.send()
}

// keep queues a request for whoever reads to take, and returns how many there are.
func (k *crew) keep(in *inbound) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.queue, k.kept = append(k.queue, in), true
	return len(k.queue) - k.taken
}

// release has others run what was kept.
func (k *crew) release() {
	k.mu.Lock()
	k.kept = false
	k.send()
}

// send sees to it that a goroutine is on its way, if there is something to do. mu is held, and is not afterwards.
func (k *crew) send() {
	if k.kept || k.coming || len(k.queue) == 0 {
		k.mu.Unlock()
		return
	}
	k.coming = true
	last := len(k.idle) - 1
	if last < 0 {
		k.mu.Unlock()
		go k.work()
		return
	}
	wake := k.idle[last]
	k.idle = k.idle[:last]
	k.mu.Unlock()
	wake <- struct{}{}
}

// work is a goroutine of the crew.
func (k *crew) work() {
	wake := make(chan struct{}, 1)
	for came := true; ; {
		if in := k.take(came); in != nil {
			in.handle()
			came = false
			continue
		}
		if !k.rest(wake) {
			return
		}
		if _, came = <-wake; !came {
			k.home.Done()
			return
		}
	}
}

// take returns the oldest request; nil: there is none. came says that the goroutine was on its way.
func (k *crew) take(came bool) *inbound {
	k.mu.Lock()
	if came {
		k.coming = false
	}
	if len(k.queue) == 0 {
		k.mu.Unlock()
		return nil
	}
	in := k.queue[k.taken]
	k.queue[k.taken] = nil
	k.taken++
	if 2*k.taken >= len(k.queue) {
		n := copy(k.queue, k.queue[k.taken:])
		clear(k.queue[n:])
		k.queue, k.taken = k.queue[:n], 0
	}
	k.send()
	return in
}

// rest has wake signalled when there is something to do, and closed when there never will be; false: the goroutine is not needed.
func (k *crew) rest(wake chan struct{}) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dismissed || len(k.idle) == mostIdle {
		return false
	}
	k.idle = append(k.idle, wake)
	return true
}

// dismiss lets those go home that are idle, and the others once they are.
func (k *crew) dismiss() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.home.Add(len(k.idle))
	for _, wake := range k.idle {
		close(wake)
	}
	k.idle, k.dismissed = nil, true
}
