package contender

import (
	"errors"

	"google.golang.org/protobuf/proto"

	"github.com/go-hotplug/hotplug/bench/internal/pb"
)

// An Order is a payload with fields, a slice and a map: what an application sends rather than bytes.
type Order struct {
	ID       uint64            `msgpack:"id" json:"id"`
	Customer string            `msgpack:"customer" json:"customer"`
	Email    string            `msgpack:"email" json:"email"`
	Note     string            `msgpack:"note" json:"note"`
	Paid     bool              `msgpack:"paid" json:"paid"`
	Total    float64           `msgpack:"total" json:"total"`
	Placed   int64             `msgpack:"placed" json:"placed"` // seconds
	Priority int32             `msgpack:"priority" json:"priority"`
	Lines    []Line            `msgpack:"lines" json:"lines"`
	Labels   map[string]string `msgpack:"labels" json:"labels"`
}

// A Line is one line of an Order.
type Line struct {
	SKU   string  `msgpack:"sku" json:"sku"`
	Count int32   `msgpack:"count" json:"count"`
	Price float64 `msgpack:"price" json:"price"`
}

// order is the sample.
var order = Order{
	ID: 4_711_000_815, Customer: "Ada Lovelace", Email: "ada@example.com", Note: "leave it with the neighbours, please",
	Paid: true, Total: 129.85, Placed: 1_700_000_000, Priority: 3,
	Lines: []Line{
		{"gear-40", 12, 4.25}, {"axle-07", 2, 18.5}, {"punched-card-100", 1, 9.99}, {"crank", 1, 31.86}, {"oil-250", 2, 0},
	},
	Labels: map[string]string{"channel": "web", "campaign": "analytical", "warehouse": "north"},
}

// orderMessage is the sample for those that speak Protocol Buffers.
var orderMessage = toMessage(order)

func toMessage(o Order) *pb.Order {
	m := &pb.Order{
		Id: o.ID, Customer: o.Customer, Email: o.Email, Note: o.Note, Paid: o.Paid, Total: o.Total, Placed: o.Placed,
		Priority: o.Priority, Labels: o.Labels,
	}
	for _, l := range o.Lines {
		m.Lines = append(m.Lines, &pb.Line{Sku: l.SKU, Count: l.Count, Price: l.Price})
	}
	return m
}

// orderBytes is the sample encoded, for those that carry bytes alone.
func orderBytes() ([]byte, error) { return proto.Marshal(orderMessage) }

var errOrder = errors.New("the order came back otherwise than it was sent")

// same compares what is cheap to compare.
func same(got Order, err error) error {
	if err == nil && (got.ID != order.ID || len(got.Lines) != len(order.Lines) || len(got.Labels) != len(order.Labels)) {
		err = errOrder
	}
	return err
}

func sameMessage(got *pb.Order, err error) error {
	if err == nil && (got.Id != order.ID || len(got.Lines) != len(order.Lines) || len(got.Labels) != len(order.Labels)) {
		err = errOrder
	}
	return err
}
