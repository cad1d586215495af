#!/usr/bin/env node
// The greeter, and the messages with which `hotplug conformance` finds out more: see docs/conformance.md.
import { setTimeout as sleep } from 'node:timers/promises'
import { failure, handle } from './greeter.mjs'

const told = { struct: { type: 'string', 'payload?': 'any', 'count?': 'int64' } }
const notes = []
const hold = ({ ms }, host, signal) => sleep(Math.min(ms, 2 ** 31 - 1), undefined, { signal }) // no timer takes more

handle('conformance.echo', 'query', 'any', 'any', (value) => value)
handle('conformance.sleep', 'query', { struct: { ms: 'int64' } }, undefined, hold)
handle('conformance.fail', 'query', { struct: { code: 'string', message: 'string' } }, undefined, ({ code, message }) => {
  throw failure(code, message)
})
handle('conformance.note', 'notice', { struct: { text: 'string' } }, undefined, ({ text }) => { notes.push(text) })
handle('conformance.hold', 'notice', { struct: { ms: 'int64' } }, undefined, hold)
handle('conformance.notes', 'query', undefined, undefined, () => ({ texts: notes }))
handle('conformance.call', 'method', told, undefined, ({ type, payload }, host, signal) => host.call(type, payload, signal))
handle('conformance.tell', 'method', told, undefined, async ({ type, count }, host) => {
  for (let n = 1; n <= count; n++) await host.notify(type, { n })
})
