package contender

import (
	"bytes"
	"net"
	"testing"
)

func TestFramesOfEachSizeComeBackAsTheyWere(t *testing.T) {
	near, far := net.Pipe()
	client, server := &bareConn{Conn: near}, &bareConn{Conn: far}
	ended := make(chan error, 1)
	go func() { ended <- server.echo() }() // ends with the pipe
	for _, size := range []int{0, 1, 64, 4 << 10, copied, copied + 1, 1 << 20, 3} {
		data := bytes.Repeat([]byte{7}, size)
		sent := make(chan error, 1)
		go func() { sent <- client.send(data) }()
		reply, err := client.receive()
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		if err != nil || !bytes.Equal(reply, data) {
			t.Fatalf("%d bytes: %d came back, %v", size, len(reply), err)
		}
	}
	near.Close()
	if err := <-ended; err == nil {
		t.Error("the server ended without an error")
	}
}

func TestNumbersComeBackAsTheyWere(t *testing.T) {
	got := unpacked(packed(0, -1, 1<<40))
	if len(got) != 3 || got[0] != 0 || got[1] != -1 || got[2] != 1<<40 {
		t.Errorf("got %v", got)
	}
}

func TestAnUnknownContenderIsNamedInTheError(t *testing.T) {
	if err := Serve("telegraph"); err == nil || !bytes.Contains([]byte(err.Error()), []byte(`"telegraph"`)) {
		t.Errorf("%v", err)
	}
}

func TestTheOrderIsTheSameInEitherForm(t *testing.T) {
	if err := sameMessage(orderMessage, nil); err != nil {
		t.Error(err)
	}
	if err := same(Order{ID: order.ID}, nil); err == nil {
		t.Error("an order without its lines passes")
	}
}

func TestTheConnectionUsedLastIsUsedAgain(t *testing.T) {
	made := 0
	connect := func() (int, error) { made++; return made, nil }
	var i idle[int]
	first, _ := i.take(connect)
	second, _ := i.take(connect)
	i.give(first)
	i.give(second)
	if got, err := i.take(connect); got != second || err != nil || made != 2 {
		t.Errorf("got connection %d, %v, after %d were made; want %d of 2", got, err, made, second)
	}
}
