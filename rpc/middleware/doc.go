// Package middleware is what many programs want of every message: logs, durations, limits, redaction and trace context.
//
//	mw := []rpc.Middleware{
//		middleware.TraceContext(),
//		middleware.Logging(log, middleware.LogOptions{Payloads: true, Redact: middleware.Redact("password")}),
//		middleware.Timing(func(message string, d rpc.Direction, took time.Duration, err error) {
//			seconds.WithLabelValues(message, string(d)).Observe(took.Seconds())
//		}),
//		middleware.PayloadLimit(1<<20, map[string]int{"image.resize": 8 << 20}),
//	}
//
// It goes into host.Config.Middleware, host.Settings.Middleware or plugin.Server.Middleware, at either end or at both. What all of them keep to:
//
//   - They run left to right, in both directions. What a middleware changes, those to the right of it see; what one refuses, they do not.
//   - A payload is never logged, decoded or encoded unless the middleware's own text says so.
//   - They keep nothing between calls, and may serve any number of connections at once.
package middleware
