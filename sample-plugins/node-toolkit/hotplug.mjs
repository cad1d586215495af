// The hotplug protocol for plugins in Node.js 18 or later, with nothing else: a file to copy beside your plugin.
// It is docs/protocol.md, with JsonSerializer. greeter.mjs shows how to use it.
import { createHash, timingSafeEqual } from 'node:crypto'
import { readSync } from 'node:fs'
import { createServer, Socket } from 'node:net'

const serializer = 'JsonSerializer', maxHello = 1 << 20
const messages = new Map(), who = {}
const streamed = new Set(['stream', 'upload', 'duplex']) // kinds of messages
const stop = { then: 'stop' }
const longest = 2 ** 31 - 1 // ms, some 24 days: a timer that is to take longer would be over at once
const after = (ms, run) => setTimeout(run, Math.min(ms, longest))

/** Throw it in a handler: the caller gets this code, message and details. A failed call to the host throws it, too. */
export class Failure extends Error {
  constructor(code, message, more = {}) {
    super(message)
    this.record = { code, message, origin: 'plugin', ...more }
  }
}

/**
 * Declares a message. Its handler takes the payload, the host (to call it), an AbortSignal (the caller gave up, or its deadline passed, or
 * the connection ended), and a function that tells the caller how far it has come: report({ done: 3, total: 10, note: 'third page' }).
 * For an upload and a duplex the payload is an async iterator of the caller's items; what handles a stream or a duplex is an async
 * generator of its own. payload and reply are the shapes, for these of one item. What handles a notice keeps the notices behind it waiting.
 */
export function handles(name, kind, payload, reply, handler) {
  messages.set(name, { name, kind, payload, reply, handler })
}

const described = () => [...messages.values()].map(({ handler, ...message }) => message)
const kinds = { string: '', int64: 0, float64: 0, bool: false, any: null }

/** The value of a shape, with zero values for what is absent or null. What does not fit is Invalid. */
function read(value, shape, where = 'the payload', more = { notStarted: true }) {
  if (shape === undefined || shape === 'any') return value ?? null
  const zero = typeof shape === 'string' ? kinds[shape] : shape.list ? [] : {}
  value ??= zero
  const whole = shape !== 'int64' || typeof value === 'bigint' || Number.isInteger(value)
  if ((typeof value !== typeof zero && typeof value !== 'bigint') || Array.isArray(value) !== Array.isArray(zero) || !whole) {
    throw new Failure('Invalid', `${where}: want ${JSON.stringify(shape)}, found ${encode(value).slice(0, 40)}`, more)
  }
  if (shape.list) return value.map((item) => read(item, shape.list, where, more))
  if (!shape.struct) return value
  const field = ([key, s]) => [key.replace('?', ''), read(value[key.replace('?', '')], s, key, more)]
  return Object.fromEntries(Object.entries(shape.struct).map(field))
}

// Integers that a number does not hold exactly are a BigInt, here and in payloads: a tx must go back as it came.
const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
const marked = (part) => (/^-?\d{16,}$/.test(part) && !Number.isSafeInteger(Number(part)) ? `"\\u0000${part}"` : part)
const decode = (text) =>
  /\d{16}/.test(text)
    ? JSON.parse(text.replace(tokens, marked), (_, v) => (typeof v === 'string' && /^\0-?\d+$/.test(v) ? BigInt(v.slice(1)) : v))
    : JSON.parse(text)
const encode = (value) =>
  JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `\0${v}` : v))?.replace(/"\\u0000(-?\d+)"/g, '$1')

/** The lines of a socket, as bytes. limit.max holds for each; more is a RangeError. */
async function* linesOf(socket, limit) {
  let parts = [], size = 0
  for await (let chunk of socket.iterator({ destroyOnReturn: false })) {
    for (let end; (end = chunk.indexOf(10)) >= 0; chunk = chunk.subarray(end + 1)) {
      const line = Buffer.concat([...parts, chunk.subarray(0, end)])
      parts = []
      size = 0
      if (line.length > limit.max) throw new RangeError(`a line is over the limit of ${limit.max} bytes`)
      yield line
    }
    parts.push(chunk)
    size += chunk.length
    if (size > limit.max) throw new RangeError(`a line is over the limit of ${limit.max} bytes`)
  }
}

/** The notices of one direction that are not acknowledged: there is room for 1,024, and for 16 MiB of them and one more. */
class Window {
  sizes = []; bytes = 0

  room() { return this.sizes.length < 1024 && this.bytes < 16 << 20 }
  add(size) { this.bytes += this.sizes[this.sizes.push(size) - 1] }

  /** Takes the oldest out, or returns false: there are not so many. */
  acknowledge(items) {
    if (items > this.sizes.length) return false
    for (const size of this.sizes.splice(0, items)) this.bytes -= size
    return true
  }
}

const internal = (e) => ({ code: 'Internal', message: String(e?.message ?? e), name: e?.name, stack: e?.stack, origin: 'plugin' })

/** One direction of a stream, at the end that sends: as its receiver gives credit. */
class Sender {
  items = 0; bytes = 0; wake = () => {}

  /** put sends a frame with a payload, and returns its size; signal ends the sending. */
  constructor(put, signal) {
    this.put = put
    this.signal = signal
    signal.addEventListener('abort', () => this.wake())
  }

  /** Adds credit; false if that is more than the protocol allows. */
  grant(meta) {
    this.items += meta?.items ?? 0
    this.bytes += meta?.bytes ?? 0
    this.wake()
    return Number.isSafeInteger(this.items) && Number.isSafeInteger(this.bytes)
  }

  /** Waits for credit, one caller at a time. An item may take more bytes than are left. */
  async send(payload) {
    while (!this.signal.aborted && (this.items < 1 || this.bytes < 1)) await new Promise((resolve) => { this.wake = resolve })
    this.signal.throwIfAborted()
    this.bytes -= this.put(payload) - 1 // a terminator takes no credit
    this.items--
  }
}

/** One direction of a stream, at the end that receives: an async iterator, which gives credit back for what is taken from it. */
class Receiver {
  queue = []; wake = () => {}; taken = { items: 0, bytes: 0 }; left = { items: 0, bytes: 0 } // left: the sender's credit
  closed // nothing more comes: { error }, which is thrown behind the items

  /** give sends credit; shape is that of the items. */
  constructor(window, give, shape) {
    Object.assign(this, { window, give, shape })
  }

  /** Counts the credit that the sender has to begin with. */
  begin() { this.left = { ...this.window } }

  /** Takes in an item; false if there was no credit for it, or it came behind the end. */
  push(payload, size) {
    if (this.closed || this.left.items < 1 || this.left.bytes < 1) return false
    this.left.items--
    this.left.bytes -= size
    this.queue.push({ payload, size })
    this.wake()
  }

  /** Says that nothing more comes; false if that is known. */
  close(error) {
    if (this.closed) return false
    this.closed = { error }
    this.wake()
  }

  /** Ends the iteration at once, with an error: nobody is interested any more. */
  abort(error) {
    this.queue = []
    this.closed = { error }
    this.wake()
  }

  async *[Symbol.asyncIterator]() {
    for (;;) {
      while (!this.queue.length && !this.closed) await new Promise((resolve) => { this.wake = resolve })
      if (!this.queue.length && this.closed.error) throw this.closed.error
      if (!this.queue.length) return
      const { payload, size } = this.queue.shift()
      this.giveBack(size)
      yield read(payload, this.shape, 'an item', {})
    }
  }

  /** Gives credit back when half of the window was taken, in items or in bytes. */
  giveBack(size) {
    const { taken, window, left } = this
    taken.items++
    taken.bytes += size
    if (this.closed || (taken.items * 2 < window.items && taken.bytes * 2 < window.bytes)) return
    this.give(taken)
    left.items += taken.items
    left.bytes += taken.bytes
    this.taken = { items: 0, bytes: 0 }
  }
}

/** A call of the host's, until it is answered. Its signal is the handler's. */
class Handling extends AbortController {
  constructor(connection, tx, message, meta) {
    super()
    Object.assign(this, { connection, tx, message, opens: meta?.opens, wanted: meta?.progress })
    const put = (kind) => (rest) => connection.send(tx, kind, rest)
    if (receives(this.opens)) this.out = new Sender((payload) => put('item')({ payload }), this.signal)
    if (sends(this.opens)) this.items = new Receiver(connection.window, (meta) => put('uploadCredit')({ meta }), message.payload)
    this.timer = meta?.deadline && after(meta.deadline, () => this.abort(new Failure('Timeout', 'the deadline passed')))
    this.aborted = new Promise((_, reject) => this.signal.addEventListener('abort', () => reject(this.signal.reason)))
    this.signal.addEventListener('abort', () => this.items?.abort(this.signal.reason))
  }

  /** Runs the handler, and answers. */
  async run(payload) {
    try {
      const reply = await Promise.race([this.handle(payload), this.aborted])
      this.tell()
      this.connection.send(this.tx, this.out ? 'end' : 'result', { payload: reply })
    } catch (error) {
      this.connection.fail(this.tx, error)
    }
    clearTimeout(this.timer)
    this.wanted = false
    this.items?.abort(new Failure('Canceled', 'the call was answered'))
    this.connection.calls.delete(this.tx)
    this.connection.changed()
  }

  async handle(payload) {
    if (this.items) {
      this.items.begin()
      this.connection.send(this.tx, 'uploadCredit', { meta: this.items.window })
    }
    const report = (progress) => this.report(progress)
    const reply = await this.message.handler(this.items ?? payload, this.connection, this.signal, report)
    if (!this.out) return reply
    for await (const item of reply) await this.out.send(item)
  }

  /** Sends a report. While much waits to be written it keeps the latest one for later. */
  report(progress) {
    const { socket } = this.connection, kept = this.latest
    this.latest = progress
    if (!socket.writableNeedDrain) this.tell()
    else if (!kept) socket.once('drain', () => this.tell())
  }

  tell() {
    if (this.latest && this.wanted) this.connection.send(this.tx, 'progress', { payload: this.latest })
    this.latest = undefined
  }
}

/** A call of ours, until the host has answered it: also if it was given up before. */
class Asking {
  over = new AbortController() // it was answered, or given up

  constructor(connection, tx, opens, progress) {
    Object.assign(this, { connection, tx, opens, progress })
    this.answer = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }))
    this.answer.catch(() => {}) // of a stream it is the iteration that says so
    const put = (kind) => (rest) => connection.send(tx, kind, rest)
    if (sends(opens)) this.out = new Sender((payload) => put('upload')({ payload }), this.over.signal)
    if (receives(opens)) this.items = new Receiver(connection.window, (meta) => put('credit')({ meta }))
    this.items?.begin()
  }

  /** Sends the items of an upload or duplex, until they end or the call does. Items that fail end the call. */
  async feed(items) {
    try {
      for await (const item of items) await this.out.send(item)
      if (!this.over.signal.aborted) this.connection.send(this.tx, 'uploadEnd')
    } catch (error) {
      this.leave(error)
    }
  }

  finish(error, payload) {
    clearTimeout(this.timer)
    this.over.abort()
    this.items?.close(error)
    if (error) this.reject(error)
    else this.resolve(payload)
  }

  /** Gives the call up, if it is not over. */
  leave(reason) {
    if (this.over.signal.aborted) return
    this.connection.send(this.tx, 'cancel')
    this.items?.abort(reason)
    this.finish(reason)
  }
}

/** What a call opens, as its caller sees it. */
const sends = (opens) => opens === 'upload' || opens === 'duplex'
const receives = (opens) => opens === 'stream' || opens === 'duplex'

/** One connection to a host, after the handshake. */
class Connection {
  calls = new Map() // of the host's, by tx: Handling
  waiting = new Map() // of ours, by tx: Asking
  lastTx = 0; lastNotice = 0; lastPing = 0; heard = 0
  goodbye = false; over = new AbortController() // with the connection
  notices = Promise.resolve(); sent = new Window(); received = new Window()
  room = []; places = []; pongs = []

  constructor(socket, hello, timeouts, changed) {
    const limits = hello.limits ?? {}
    this.socket = socket.setMaxListeners(0)
    this.hostId = hello.host?.id
    this.max = limits.frame || 16 << 20
    this.inflight = limits.inflight || 1024
    this.streams = limits.streams || 256
    this.window = { items: limits.streamItems || 256, bytes: limits.streamBytes || 1 << 20 }
    this.timeout = timeouts.call || 0
    this.changed = changed // called when there may be less to do, or none
  }

  get lost() { return this.over.signal.aborted }

  end() {
    for (const work of [this.over, ...this.calls.values()]) work.abort(new Failure('Canceled', 'the connection ended'))
    for (const asking of this.waiting.values()) asking.finish(new Failure('Unavailable', 'the connection ended'))
    for (const go of [...this.places, ...this.room]) go()
    this.changed()
  }

  /** Sends a frame, and returns its size. */
  send(tx, kind, rest) {
    const line = Buffer.from(encode({ tx, kind, ...rest }) + '\n')
    if (line.length > this.max + 1) throw new Error(`a ${kind} of ${line.length - 1} bytes is over the limit of ${this.max}`)
    if (!this.socket.writableEnded) this.socket.write(line)
    return line.length
  }

  fail(tx, error) {
    try {
      this.send(tx, 'error', { payload: error?.record ?? internal(error) })
    } catch (cannotSend) {
      this.send(tx, 'error', { payload: internal(cannotSend) })
    }
  }

  /**
   * Calls the host. Of the options, timeout is in milliseconds (0: none; absent: what the host says for calls without streams), signal
   * gives the call up, and progress takes what is reported: { done, total, note }.
   */
  async call(type, payload, options) { return (await this.ask(type, payload, undefined, options)).answer }

  /** Opens a stream of the host's: an async iterator of its items. Who leaves it gives the call up. */
  async *stream(type, payload, options) {
    const asking = await this.ask(type, payload, 'stream', options)
    try {
      yield* asking.items
    } finally {
      asking.leave()
    }
  }

  /** Sends items, an iterable or an async one, and returns the host's reply to all of them. */
  async upload(type, items, options) {
    const asking = await this.ask(type, undefined, 'upload', options)
    asking.feed(items)
    return asking.answer
  }

  /** Sends items, and iterates over those of the host, both at the same time. */
  async *duplex(type, items, options) {
    const asking = await this.ask(type, undefined, 'duplex', options)
    asking.feed(items)
    try {
      yield* asking.items
    } finally {
      asking.leave()
    }
  }

  async ask(type, payload, opens, { signal, timeout = opens ? 0 : this.timeout, progress } = {}) {
    await this.until(this.places, () => this.place(this.waiting, opens))
    signal?.throwIfAborted()
    const asking = new Asking(this, ++this.lastTx, opens, progress), deadline = timeout ? Math.ceil(timeout) : undefined
    const meta = { opens, deadline, progress: progress && true, ...(asking.items && this.window) }
    this.send(asking.tx, 'request', { type, payload, meta })
    this.waiting.set(asking.tx, asking)
    if (timeout) asking.timer = after(timeout, () => asking.leave(new Failure('Timeout', `${type}: no answer within ${timeout} ms`)))
    signal?.addEventListener('abort', () => asking.leave(signal.reason), { once: true, signal: asking.over.signal })
    return asking
  }

  /** Whether there is room for one more call, with streams or without. */
  place(calls, opens) {
    let count = 0
    for (const call of calls.values()) count += !call.opens === !opens
    return count < (opens ? this.streams : this.inflight)
  }

  /** Waits until something is so; that it may be is said to those in the list. */
  async until(list, is) {
    while (!this.lost && !is()) await new Promise((resolve) => list.push(resolve))
    if (this.lost) throw new Failure('Unavailable', 'the connection ended')
  }

  async notify(type, payload) {
    await this.until(this.room, () => this.sent.room())
    this.sent.add(this.send(this.lastNotice + 1, 'notice', { type, payload }))
    this.lastNotice++
  }

  /** Takes in one line; false ends the connection. */
  take(bytes) {
    let frame
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim()
      if (text === '') return true
      frame = decode(text)
      if (typeof frame.kind !== 'string') throw new Error('kind is not a string')
    } catch (error) {
      console.error(`a line that cannot be read was dropped: ${error.message}`)
      return true
    }
    const unnamed = /^kind(\d+)$/.exec(frame.kind) // from 64 up: a later version's, to be ignored
    if (unnamed && unnamed[1] < 64) return false
    return this['on_' + frame.kind]?.(frame, bytes.length)
  }

  on_request({ tx, type, payload, meta }) {
    if (!tx || this.calls.has(tx)) return false
    try {
      const [message, value] = this.accept(type, payload, meta?.opens)
      const call = new Handling(this, tx, message, meta)
      this.calls.set(tx, call)
      if (call.out?.grant(meta) === false) return false
      call.run(value)
    } catch (error) {
      this.fail(tx, error)
    }
  }

  /** The message that is called, and the payload for its handler. */
  accept(type, payload, opens) {
    const message = messages.get(type), wanted = streamed.has(message?.kind) ? message.kind : undefined
    const refuse = (code, text, more) => { throw new Failure(code, text, { notStarted: true, ...more }) }
    if (!this.place(this.calls, opens)) refuse('Exhausted', 'too many calls at once', { retryable: true })
    if (!message) refuse('Unimplemented', `message ${JSON.stringify(type)} is not handled`)
    if (message.kind === 'notice' || wanted !== opens) refuse('Invalid', `message ${JSON.stringify(type)} is a ${message.kind}`)
    return [message, sends(opens) ? undefined : read(payload, message.payload)]
  }

  on_cancel({ tx }) { this.calls.get(tx)?.abort(new Failure('Canceled', 'the caller gave up')) }

  // Frames of a stream for a call that is over, and so not known, are dropped; for one that has no such stream they are wrong
  on_upload({ tx, payload }, size) { return this.of(this.calls, tx, 'items', (items) => items.push(payload, size)) }
  on_uploadEnd({ tx }) { return this.of(this.calls, tx, 'items', (items) => items.close()) }
  on_uploadCredit({ tx, meta }) { return this.of(this.waiting, tx, 'out', (out) => out.grant(meta)) }
  on_item({ tx, payload }, size) {
    const asking = this.waiting.get(tx)
    return asking?.over.signal.aborted || this.of(this.waiting, tx, 'items', (items) => items.push(payload, size))
  }

  of(calls, tx, stream, use) {
    const call = calls.get(tx)
    return !call || (Boolean(call[stream]) && use(call[stream]))
  }

  on_progress({ tx, payload }) {
    const asking = this.waiting.get(tx)
    try {
      if (asking?.over.signal.aborted === false) asking.progress?.(payload ?? {})
    } catch (error) {
      asking.leave(error)
    }
  }

  on_result({ tx, payload }) { return this.answered(tx, false, undefined, payload) }
  on_end({ tx }) { return this.answered(tx, true) }

  on_error({ tx, payload }) {
    const { code = 'Unknown', message = '', ...more } = payload ?? {}
    return this.answered(tx, undefined, new Failure(code, message, { ...more, origin: 'host' }))
  }

  /** Ends a call of ours, which is over now; false if it is one with items and should not be, or the reverse. */
  answered(tx, items, error, payload) {
    const asking = this.waiting.get(tx)
    if (!asking) return
    if (items !== undefined && items !== receives(asking.opens)) return false
    this.waiting.delete(tx)
    this.places.splice(0).forEach((go) => go())
    if (!asking.over.signal.aborted) asking.finish(error, payload)
  }

  on_ping({ tx }) { this.send(tx, 'pong') }
  on_pong() { this.pongs.splice(0).forEach((take) => take(true)) }
  on_goodbye() { this.goodbye = true; this.changed() }

  on_credit({ tx, meta }) {
    if (tx !== 0) return this.of(this.calls, tx, 'out', (out) => out.grant(meta))
    const fewer = this.sent.acknowledge(meta?.items ?? 0)
    this.room.splice(0).forEach((go) => go())
    return fewer
  }

  on_notice({ tx, type, payload }, size) {
    if (tx !== ++this.heard || !this.received.room()) return false
    this.received.add(size + 1) // with its terminator
    this.notices = this.notices.then(async () => {
      try {
        const message = messages.get(type)
        if (message?.kind !== 'notice') throw new Error('no such notice is handled')
        await message.handler(read(payload, message.payload), this, this.over.signal)
      } catch (error) {
        console.error(`notice ${type}: ${error.message}`)
      }
      this.received.acknowledge(1)
      this.send(0, 'credit', { meta: { items: 1 } })
      this.changed()
    })
  }

  idle() { return this.calls.size === 0 && this.received.sizes.length === 0 }

  answersPing() {
    this.send(++this.lastPing, 'ping')
    return Promise.race([new Promise((resolve) => this.pongs.push(resolve)), new Promise((resolve) => setTimeout(resolve, 1000, false))])
  }
}

const same = (a, b) => timingSafeEqual(createHash('sha256').update(String(a)).digest(), createHash('sha256').update(b).digest())

/** The process, which serves one host at a time. */
class Plugin {
  host = null; asked = false; leaving = false

  constructor(startup) {
    this.startup = startup
    this.timeouts = startup.timeouts ?? {}
  }

  run() {
    const { listener, socket } = this.startup
    const server = createServer((stranger) => this.accept(stranger))
    server.on('error', (error) => die(65, `the socket cannot be listened on: ${error.message}`))
    server.listen(listener ? { fd: listener } : { path: socket })
    if (this.timeouts.hostConnect) {
      after(this.timeouts.hostConnect, () => this.host ?? die(69, 'no host connected in time: start this plugin through its host'))
    }
    for (const name of ['SIGTERM', 'SIGINT']) {
      process.on(name, () => {
        if (!this.host || this.leaving || this.asked) process.exit(0)
        this.asked = true // this side goes first: it serves until it has read the host's goodbye
        this.host.send(0, 'goodbye', { meta: stop })
        if (this.timeouts.stop) after(this.timeouts.stop, () => this.leave())
      })
    }
  }

  /** Why this host is not served: a code and a sentence; undefined if it is. */
  async refusal(hello) {
    if (!same(hello.token, this.startup.token)) return ['Denied', 'wrong token: this plugin belongs to another host']
    if (!hello.hotplug?.includes?.(1)) return ['Protocol', `protocol mismatch: host offers ${hello.hotplug}, plugin speaks 1`]
    if (hello.serializer !== serializer) return ['Protocol', mismatch(hello.serializer)]
    const other = this.host && !this.host.lost && this.host.hostId !== hello.host?.id
    if (other && (await this.host.answersPing())) return ['Conflict', 'busy: another host is connected to this plugin']
  }

  /** The handshake; undefined if the host was refused. */
  async greet(socket, lines) {
    let refused, hello
    const timer = after(this.timeouts.handshake || 10_000, () => socket.destroy())
    try {
      const { value, done } = await lines.next()
      if (done) return
      refused = ['Protocol', `expected a handshake line of JSON, found ${JSON.stringify(String(value.subarray(0, 24)))}`]
      hello = { ...JSON.parse(value) }
      refused = await this.refusal(hello)
    } catch (error) {
      if (error instanceof RangeError) refused = ['Protocol', `the handshake line is over the limit of ${maxHello} bytes: describe fewer messages`]
      else if (!(error instanceof SyntaxError)) throw error
    } finally {
      clearTimeout(timer)
    }
    if (!refused) return hello
    console.error(`connection refused: ${refused[1]}`)
    socket.end(encode({ error: { code: refused[0], message: refused[1] } }) + '\n', () => socket.destroy())
  }

  async accept(socket) {
    socket.on('error', () => {}) // the loop below ends
    const limit = { max: maxHello }, lines = linesOf(socket, limit)
    const hello = await this.greet(socket, lines).catch(() => socket.destroy() && undefined)
    if (!hello) return
    this.host?.socket.destroy() // the same host again, or one that is there no more
    const host = (this.host = new Connection(socket, hello, this.timeouts, () => this.look()))
    limit.max = host.max
    socket.write(encode({ hotplug: 1, serializer, answer: this.startup.answer, plugin: { ...who, pid: process.pid }, handles: described() }) + '\n')
    try {
      for await (const line of lines) if (host.take(line) === false) break
    } catch (error) {
      console.error(`the connection broke: ${error.message}`)
    }
    socket.destroy()
    host.end()
  }

  /** Looks whether it is time to leave. */
  look() {
    if (this.host.lost) setTimeout(() => this.host.lost && process.exit(0), 100) // the lifeline, which ends children too, may come behind
    else if (this.host.goodbye && this.host.idle()) this.leave()
  }

  leave() {
    if (this.leaving) return
    this.leaving = true
    this.host.send(0, 'goodbye', { meta: stop })
    this.host.socket.end(() => process.exit(0))
  }
}

const mismatch = (host) => `serializer mismatch: host uses ${host}, plugin uses ${serializer}`

function die(code, sentence) {
  console.error(sentence)
  process.exit(code)
}

function readStartup(value) {
  if (value.startsWith('fd:')) {
    const lifeline = Number(value.slice(3)), buffer = Buffer.alloc(32_768)
    let size = 0
    while (!buffer.subarray(0, size).includes(10)) {
      const n = readSync(lifeline, buffer, size, buffer.length - size, null)
      if (n === 0) break
      size += n
    }
    value = buffer.toString('utf8', 0, size)
    // Its end means that the host is gone. On Linux the kernel has ended this process group then; elsewhere this does
    new Socket({ fd: lifeline, readable: true, writable: false }).on('error', () => {}).on('end', () => process.kill(0, 'SIGKILL')).resume()
  }
  const startup = JSON.parse(value)
  const missing = ['hotplug', 'serializer', 'token', 'answer'].filter((name) => !startup[name]?.length)
  if (missing.length || !(startup.listener || startup.socket)) throw new Error(`${missing.join(', ') || 'socket and listener'} missing`)
  return startup
}

/** Serves the messages that were declared, until the host says goodbye; then the process ends. */
export function run(name, version) {
  Object.assign(who, { name, version })
  if (process.env.HOTPLUG_DESCRIBE === '1') return console.log(encode({ hotplug: [1], ...who, serializer, handles: described() }))
  const value = process.env.HOTPLUG_STARTUP
  delete process.env.HOTPLUG_STARTUP
  if (!value) {
    die(64, `${name} ${version} is a plugin: a program that a hotplug host launches. Put its folder, with its plugin.json, into ` +
      `the host's plugins folder. HOTPLUG_DESCRIBE=1 prints what it answers.`)
  }
  let startup
  try {
    startup = readStartup(value)
  } catch (error) {
    die(65, `start-up data cannot be read: ${error.message}`)
  }
  if (startup.serializer !== serializer) die(78, mismatch(startup.serializer))
  new Plugin(startup).run()
}
