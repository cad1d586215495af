#!/usr/bin/env node
// A whole plugin in one file, with nothing but Node.js 18 or later: copy it, and put your messages in place of these.
import { createHash, timingSafeEqual } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { readSync } from 'node:fs'
import { createServer, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const plugin = { name: 'node-greeter', version: '1.0.0' } // as in plugin.json
const greeting = { struct: { text: 'string' } }, handles = [], met = []

async function greet({ name, afterMs }, host, signal) {
  if (!name) throw failure('NotFound', 'there is nobody to greet: name is empty', { details: { known: met } })
  await sleep(Math.min(afterMs, never), undefined, { signal })
  return { text: `Hello, ${name}` }
}

async function introduce(_, host, signal) {
  const guest = await host.call('greeter.guest', {}, signal)
  await host.notify('greeter.greeted', guest)
  return greet(guest, host, signal)
}

/** Declares a message. run takes the payload, the host, and a signal that aborts when nobody waits for it any more. */
export const handle = (name, kind, payload, reply, run) => handles.push({ name, kind, payload, reply, run })
handle('greeter.greet', 'query', { struct: { name: 'string', afterMs: 'int64' } }, greeting, greet)
handle('greeter.introduce', 'method', { struct: {} }, greeting, introduce)
handle('greeter.met', 'notice', { struct: { name: 'string' } }, undefined, ({ name }) => { met.push(name) })
handle('greeter.guests', 'query', { struct: {} }, { struct: { names: { list: 'string' } } }, () => ({ names: met }))

// From here on it is docs/protocol.md, with JsonSerializer: nothing has to be changed.
const serializer = 'JsonSerializer', stop = { meta: { then: 'stop' } }, one = { meta: { items: 1 } }
const never = 2 ** 31 - 1, after = (ms, run) => setTimeout(run, Math.min(ms || never, never)) // more would be 1 ms
let startup, current // what the host said at the start, and the connection to it
/** What a handler throws: the caller gets its code and message. A call that the host fails throws it, too. */
export const failure = (code, message, more) =>
  Object.assign(new Error(message), { record: { code, message, origin: 'plugin', ...more } })
const must = (holds, message, code = 'Protocol', more) => { if (!holds) throw failure(code, message, more) }
const room = (sizes) => sizes.length < 1024 && sizes.reduce((a, b) => a + b, 0) < 16 << 20 // for one more notice

/** Whether a payload is of its shape. A field may be absent or null; its handler checks what is none of these kinds. */
function fits(value, shape) {
  const is = { string: typeof value === 'string', bool: typeof value === 'boolean', int64: Number.isInteger(value) }
  if (value == null || !shape?.struct) return value == null || (is[shape] ?? true)
  const inside = ([key, inner]) => fits(value[key], inner)
  return typeof value === 'object' && !Array.isArray(value) && Object.entries(shape.struct).every(inside)
}

/** What a line says; nothing if it cannot be read. A tx stays JSON: it must go back as it came, beyond 2^53, too. */
function decode(line) {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(line, 'latin1'))
    const { tx = 0, ...frame } = JSON.parse(text)
    const exact = text.match(/(?<="tx"\s*:\s*)\d{16,}/g)?.find((digits) => Number(digits) === tx)
    return { ...frame, tx: exact ?? JSON.stringify(tx), size: line.length + 1 }
  } catch (error) {
    console.error(`a line that cannot be read was dropped: ${error.message}`)
  }
}

/** A connection to the host. It emits 'idle' behind each call, 'room' for notices, 'pong', and answers by their tx. */
class Host extends EventEmitter {
  calls = new Map(); over = new AbortController() // of the host's calls, by tx, and of the connection
  asked = 0; told = 0; open = [] // our calls, our notices, and the sizes of those that are not acknowledged
  heard = 0; waiting = []; notices = Promise.resolve() // the host's notices: the sizes of those that are not handled
  send(tx, kind, rest) {
    const line = Buffer.from(`{"tx":${tx},${JSON.stringify({ kind, ...rest }).slice(1)}\n`)
    must(line.length <= this.limit + 1, `a ${kind} of ${line.length} bytes is over ${this.limit}`, 'Internal')
    if (this.socket.writable) this.socket.write(line)
    return line.length
  }

  /** Calls the host, which answers Timeout when it takes too long. With a handler's signal it ends with the handler. */
  async call(type, payload, signal) {
    const tx = String(++this.asked)
    this.send(tx, 'request', { type, payload, meta: { deadline: startup.timeouts.call } })
    signal?.addEventListener('abort', () => this.send(tx, 'cancel')) // which is ignored if the answer has come
    const [{ kind, payload: answer }] = await once(this, tx, { signal })
    if (kind === 'error') throw failure(answer.code, answer.message, { ...answer, origin: 'host' })
    return answer
  }
  async notify(type, payload) {
    while (!room(this.open)) await once(this, 'room')
    this.open.push(this.send(this.told + 1, 'notice', { type, payload })) && this.told++ // if it can be sent: no gaps
  }

  /** Takes in a frame. What it throws ends the connection. */
  receive({ tx, kind, type, payload, meta, size } = {}) {
    const { deadline, opens, items = 0 } = meta ?? {}
    must(!/^kind([0-5]?\d|6[0-3])$/.test(kind), `a frame of ${kind}`) // kinds from 64 up are a later version's
    if (kind === 'request') this.answer(tx, type, payload, deadline, opens)
    if (kind === 'cancel') this.calls.get(tx)?.abort(failure('Canceled', 'the caller gave up'))
    if (kind === 'result' || kind === 'error') this.emit(tx, { kind, payload })
    if (kind === 'notice') this.take(tx, type, payload, size)
    if (kind === 'credit' && tx === '0') {
      must(this.open.splice(0, items).length === items, 'an acknowledgement of more notices than were sent')
      this.emit('room')
    }
    if (kind === 'ping') this.send(tx, 'pong')
    if (kind === 'pong') this.emit('pong')
    if (kind === 'goodbye') this.leave()
  }

  answer(tx, type, payload, deadline, opens) {
    must(tx !== '0' && !this.calls.has(tx), `a request with the tx ${tx}`)
    const call = new AbortController()
    const timer = after(deadline, () => call.abort(failure('Timeout', 'the deadline passed')))
    const fail = ({ message, record }) => this.send(tx, 'error', { payload: { code: 'Internal', message, ...record } })
    this.calls.set(tx, call)
    this.run('request', type, payload, call.signal, opens)
      .then((result) => this.send(tx, 'result', { payload: result }))
      .catch((error) => fail(call.signal.reason ?? error)).catch(fail) // the second, if that error cannot be sent
      .finally(() => { clearTimeout(timer); this.calls.delete(tx); this.emit('idle') })
  }
  take(tx, type, payload, size) {
    must(tx === String(++this.heard) && room(this.waiting), `the notice ${tx}: out of order, or beyond the window`)
    this.waiting.push(size)
    const run = () => this.run('notice', type, payload, this.over.signal).catch((e) => console.error(type, e.message))
    this.notices = this.notices.then(run).finally(() => this.waiting.shift()).then(() => this.send(0, 'credit', one))
  }
  async run(kind, type, payload, signal, opens) {
    const message = handles.find(({ name }) => name === type), no = { notStarted: true }
    must(message, `message "${type}" is not handled`, 'Unimplemented', no)
    must(!opens && (kind === 'notice') === (message.kind === 'notice'), `"${type}" is a ${message.kind}`, 'Invalid', no)
    must(fits(payload, message.payload), `want a payload like ${JSON.stringify(message.payload)}`, 'Invalid', no)
    must(this.calls.size <= (startup.limits?.inflight || 1024), 'too many', 'Exhausted', { ...no, retryable: true })
    return message.run(message.payload?.struct ? { ...payload } : payload, this, signal)
  }
  async leave() {
    while (this.calls.size > 0) await once(this, 'idle')
    await this.notices
    this.send(0, 'goodbye', stop)
    this.socket.end(() => process.exit(0))
  }
}

/** Makes this the current connection, if the host's first line is right. What it throws is the refusal. */
async function welcome(host, hello = {}) {
  const digest = (text) => createHash('sha256').update(String(text)).digest() // of equal length, as is required
  must(hello.hotplug, 'expected a handshake line of JSON')
  must(timingSafeEqual(digest(hello.token), digest(startup.token)), 'wrong token: it is not your plugin', 'Denied')
  must(hello.hotplug.includes?.(1), `protocol mismatch: host offers ${hello.hotplug}, plugin speaks 1`)
  must(hello.serializer === serializer, `serializer mismatch: host uses ${hello.serializer}, plugin uses ${serializer}`)
  const pinged = current && current.id !== hello.host?.id && current.send(1, 'ping')
  const pong = pinged && (await Promise.race([once(current, 'pong'), sleep(1000)]))
  must(!pong, 'busy: another host is connected to this plugin', 'Conflict')
  current?.socket.destroy() // the same host again, or one that answers no more
  current = Object.assign(host, { id: hello.host?.id, limit: startup.limits?.frame || 16 << 20 })
  host.socket.write(JSON.stringify({ hotplug: 1, serializer, answer: startup.answer, plugin, handles }) + '\n')
}

async function accept(socket) {
  const host = Object.assign(new Host(), { socket, limit: 1 << 20 }).setMaxListeners(0)
  socket.on('error', () => {}) // the loop below ends
  after(startup.timeouts.handshake || 10_000, () => host === current || socket.destroy())
  try {
    let rest = '' // the beginning of a line. A character is a byte: text is cut anywhere
    for await (const chunk of socket.setEncoding('latin1').iterator({ destroyOnReturn: false })) {
      const [head, ...tail] = chunk.split('\n'), lines = [rest + head, ...tail]
      rest = lines.pop()
      must([...lines, rest].every((line) => line.length <= host.limit), `a line is over ${host.limit} bytes`)
      for (const line of lines) await (host === current ? host.receive(decode(line)) : welcome(host, decode(line)))
    }
  } catch (error) {
    console.error(`the connection ended: ${error.message}`)
    if (host !== current) socket.write(JSON.stringify({ error: error.record }) + '\n')
  }
  socket.destroySoon()
  for (const work of [host.over, ...host.calls.values()]) work.abort(failure('Canceled', 'the connection ended'))
  setTimeout(() => host === current && process.exit(0), 100) // behind the lifeline, which ends children, too
}

/** The start-up line. It comes from the lifeline, a pipe that ends when the host is gone: so must the plugin, then. */
function readLifeline(fd) {
  const line = Buffer.alloc(32_768), size = readSync(fd, line)
  new Socket({ fd, readable: true, writable: false }).on('end', () => process.kill(0, 'SIGKILL')).resume()
  return line.toString('utf8', 0, size)
}

setImmediate(() => { // behind the module that imports this one, if there is one, and declares more messages
  const { HOTPLUG_DESCRIBE, HOTPLUG_STARTUP: value } = process.env
  delete process.env.HOTPLUG_STARTUP // children are not to have it
  if (HOTPLUG_DESCRIBE === '1') return console.log(JSON.stringify({ hotplug: [1], ...plugin, serializer, handles }))
  process.on('uncaughtException', ({ message, record }) => {
    console.error(message)
    process.exit(Number(record?.code) || (current ? 70 : 65)) // 65: start-up data, or no socket
  })
  must(value, `${plugin.name} is a plugin: put its folder into a hotplug host's plugins folder, and it is launched`, 64)
  startup = JSON.parse(value.startsWith('fd:') ? readLifeline(Number(value.slice(3))) : value)
  const { serializer: theirs, token, answer, listener, socket, timeouts } = startup
  must(theirs && token && answer && (listener || socket), 'a field of the start-up data is missing', 65)
  must(theirs === serializer, `serializer mismatch: host uses ${theirs}, plugin uses ${serializer}`, 78)
  createServer(accept).listen(listener ? { fd: listener } : { path: socket })
  after(timeouts.hostConnect, () => must(current, 'no host connected in time', 69))
  for (const name of ['SIGTERM', 'SIGINT']) process.once(name, () => {
    current?.send(0, 'goodbye', stop) // and serves on until the host has said goodbye, too
    after(current ? timeouts.stop : 1, () => process.exit(0))
  })
})
