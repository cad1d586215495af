#!/usr/bin/env node
// Passes calls with streams on to its host, and what is reported of them back, with sample-plugins/node-toolkit/hotplug.mjs.
import { handles, run } from './hotplug.mjs'

let ended = 0

handles('oddity.count', 'stream', 'any', 'any', async function* (to, host, signal, progress) {
  try {
    yield* host.stream('e2e.count', to, { signal, progress })
  } finally {
    ended++
  }
})

handles('oddity.sum', 'upload', 'any', 'any', async (items, host, signal, progress) => {
  try {
    return await host.upload('e2e.sum', items, { signal, progress })
  } finally {
    ended++
  }
})

handles('oddity.chat', 'duplex', 'any', 'any', async function* (items, host, signal, progress) {
  try {
    yield* host.duplex('e2e.chat', items, { signal, progress })
  } finally {
    ended++
  }
})

handles('oddity.double', 'method', 'any', 'any', (n, host, signal, progress) => host.call('e2e.double', n, { signal, progress }))
handles('oddity.ended', 'query', 'any', 'any', () => ({ n: ended }))

run('relay', '1.0.0')
