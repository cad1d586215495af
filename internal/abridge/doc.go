// Package abridge bounds what is kept and told of a text that somebody else wrote, such as the error of a plugin.
//
//	abridge.Text(strings.Repeat("x", 5000)) // "xxx ... xxx ... (968 bytes left out)"
//
// Whoever is told a text from outside, and keeps it or hands it on, passes it through here first: what follows then has a bound, whatever was sent.
package abridge
