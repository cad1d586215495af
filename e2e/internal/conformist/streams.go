package main

import (
	"context"
	"iter"
	"strings"

	"github.com/go-hotplug/hotplug/rpc"
)

const (
	count rpc.Stream[limit, number]      = "conformance.count"
	sum   rpc.Upload[number, total]      = "conformance.sum"
	upper rpc.Duplex[text, text]         = "conformance.upper"
	steps rpc.Method[stepping, struct{}] = "conformance.steps"
)

type (
	limit struct {
		To int64 `json:"to"`
	}
	total struct {
		S int64 `json:"s"`
	}
	stepping struct {
		Steps int64 `json:"steps"`
	}
)

func countTo(_ context.Context, l limit, send func(number) error) error {
	for n := range l.To {
		if err := send(number{n + 1}); err != nil {
			return err
		}
	}
	return nil
}

func sumOf(_ context.Context, numbers iter.Seq2[number, error]) (t total, err error) {
	for n, err := range numbers {
		if err != nil {
			return t, err
		}
		t.S += n.N
	}
	return t, nil
}

func toUpper(_ context.Context, texts iter.Seq2[text, error], send func(text) error) error {
	for t, err := range texts {
		if err != nil {
			return err
		}
		if err := send(text{strings.ToUpper(t.Text)}); err != nil {
			return err
		}
	}
	return nil
}

func step(ctx context.Context, s stepping) (struct{}, error) {
	for n := range s.Steps {
		rpc.Report(ctx, rpc.Progress{Done: n + 1, Total: s.Steps})
	}
	return struct{}{}, nil
}
