#!/usr/bin/env node
// The greeter, and the messages with which `hotplug conformance` finds out more: see docs/conformance.md.
import { setTimeout as sleep } from 'node:timers/promises'
import './greeter.mjs'
import { Failure, handles, run } from './hotplug.mjs'

const told = { struct: { type: 'string', 'payload?': 'any', 'count?': 'int64' } }
const notes = []
const hold = ({ ms }, host, signal) => sleep(Math.min(ms, 2 ** 31 - 1), undefined, { signal }) // no timer takes more

handles('conformance.echo', 'query', 'any', 'any', (value) => value)
handles('conformance.sleep', 'query', { struct: { ms: 'int64' } }, undefined, hold)
handles('conformance.fail', 'query', { struct: { code: 'string', message: 'string' } }, undefined, ({ code, message }) => {
  throw new Failure(code, message)
})
handles('conformance.note', 'notice', { struct: { text: 'string' } }, undefined, ({ text }) => { notes.push(text) })
handles('conformance.hold', 'notice', { struct: { ms: 'int64' } }, undefined, hold)
handles('conformance.notes', 'query', undefined, undefined, () => ({ texts: notes }))
handles('conformance.call', 'method', told, undefined, ({ type, payload }, host, signal) => host.call(type, payload, { signal }))
handles('conformance.tell', 'method', told, undefined, async ({ type, count }, host) => {
  for (let n = 1; n <= count; n++) await host.notify(type, { n })
})

const number = { struct: { n: 'int64' } }, text = { struct: { text: 'string' } }
handles('conformance.count', 'stream', { struct: { to: 'int64' } }, number, async function* ({ to }) {
  for (let n = 1; n <= to; n++) yield { n }
})
handles('conformance.sum', 'upload', number, { struct: { s: 'int64' } }, async (items) => {
  let s = 0
  for await (const { n } of items) s += n
  return { s }
})
handles('conformance.upper', 'duplex', text, text, async function* (items) {
  for await (const { text } of items) yield { text: text.toUpperCase() }
})
handles('conformance.steps', 'method', { struct: { steps: 'int64' } }, { struct: {} }, ({ steps }, host, signal, report) => {
  for (let done = 1; done <= steps; done++) report({ done, total: steps })
  return {}
})

run('node-toolkit', '1.0.0')
