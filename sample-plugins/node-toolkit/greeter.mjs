#!/usr/bin/env node
// Greets. The protocol is in hotplug.mjs, which needs nothing but Node.js 18 and is there to be copied.
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { realpathSync } from 'node:fs'
import { Failure, handles, run } from './hotplug.mjs'

const person = { struct: { name: 'string' } }
const greeting = { struct: { text: 'string' } }
const met = []

async function greet({ name, afterMs }, host, signal) {
  if (name === '') throw new Failure('NotFound', 'there is nobody to greet: name is empty', { details: { known: met } })
  await sleep(Math.min(afterMs, 2 ** 31 - 1), undefined, { signal }) // a timer that is to take longer would be over at once
  return { text: `Hello, ${name}` }
}

handles('greeter.greet', 'query', { struct: { name: 'string', 'afterMs?': 'int64' } }, greeting, greet)

handles('greeter.introduce', 'method', { struct: {} }, greeting, async (_, host, signal) => {
  const guest = await host.call('greeter.guest', {}, { signal })
  await host.notify('greeter.greeted', guest)
  return greet({ name: guest.name, afterMs: 0 }, host, signal)
})

handles('greeter.met', 'notice', person, undefined, ({ name }) => { met.push(name) })
handles('greeter.guests', 'query', { struct: {} }, { struct: { names: { list: 'string' } } }, () => ({ names: met }))

if (import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) run('node-toolkit', '1.0.0')
