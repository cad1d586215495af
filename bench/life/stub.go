package life

import "context"

func (b *bench) reloads(context.Context) error { return nil }
func (b *bench) rests(context.Context) error   { return nil }
func (b *bench) hosts(context.Context) error   { return nil }
