package middleware

import (
	"context"
	"maps"

	"github.com/go-hotplug/hotplug/rpc"
)

// PayloadLimit refuses, with Exhausted, a payload that takes more than most bytes in its frame: of requests, notices, items and results, in both
// directions. messages has other limits for single messages, by name. 0 or less is no limit but that of the frame (limits.frame). An
// error that is answered has no payload and passes.
//
// What arrives is measured before it is decoded, at no cost. What is sent is encoded to be measured, and encoded again to travel:
// where that is too much, install PayloadLimit at the receiving end alone. See [rpc.Message.Size] for what a serializer of your own counts.
func PayloadLimit(most int, messages map[string]int) rpc.Middleware {
	messages = maps.Clone(messages)
	return func(_ context.Context, m *rpc.Message, d rpc.Direction) (*rpc.Message, error) {
		limit, own := messages[m.Type]
		if !own {
			limit = most
		}
		if limit <= 0 {
			return nil, nil
		}
		size, err := m.Size()
		if err != nil {
			return nil, rpc.Errorf(rpc.Invalid, "%s: measure the %s: %w", m.Type, what(m), err)
		}
		if size > limit {
			return nil, rpc.Errorf(rpc.Exhausted, "%s: %s of %d bytes is over the limit of %d bytes: send less at once, or raise the limit of middleware.PayloadLimit",
				m.Type, aWhat(m), size, limit)
		}
		return nil, nil
	}
}

// aWhat is what with its article.
func aWhat(m *rpc.Message) string {
	if m.Item {
		return "an " + what(m)
	}
	return "a " + what(m)
}

// what is a message in a sentence.
func what(m *rpc.Message) string {
	switch {
	case m.Err != nil:
		return "error"
	case m.Reply:
		return "result"
	case m.Item:
		return "item"
	case m.Kind == rpc.KindNotice:
		return "notice"
	}
	return "request"
}
