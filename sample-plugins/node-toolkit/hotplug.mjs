// The hotplug protocol for plugins in Node.js 18 or later, with nothing else: a file to copy beside your plugin.
// It is docs/protocol.md, with JsonSerializer. greeter.mjs shows how to use it.
import { createHash, timingSafeEqual } from 'node:crypto'
import { readSync } from 'node:fs'
import { createServer, Socket } from 'node:net'

const serializer = 'JsonSerializer', maxHello = 1 << 20
const messages = new Map(), who = {}
// Kinds of streams, which end the connection where they are of a call: no call has a stream here
const streams = { upload: 'calls', uploadEnd: 'calls', item: 'waiting', end: 'waiting', uploadCredit: 'waiting' }
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
 * Declares a message. Its handler takes the payload, the host (to call it), and an AbortSignal: the caller gave up, or its
 * deadline passed, or the connection ended. What handles a notice keeps the notices behind it waiting.
 */
export function handles(name, kind, payload, reply, handler) {
  messages.set(name, { name, kind, payload, reply, handler })
}

const described = () => [...messages.values()].map(({ handler, ...message }) => message)
const kinds = { string: '', int64: 0, float64: 0, bool: false, any: null }

/** The value of a shape, with zero values for what is absent or null. What does not fit is Invalid. */
function read(value, shape, where = 'the payload') {
  if (shape === undefined || shape === 'any') return value ?? null
  const zero = typeof shape === 'string' ? kinds[shape] : shape.list ? [] : {}
  value ??= zero
  const whole = shape !== 'int64' || typeof value === 'bigint' || Number.isInteger(value)
  if ((typeof value !== typeof zero && typeof value !== 'bigint') || Array.isArray(value) !== Array.isArray(zero) || !whole) {
    throw new Failure('Invalid', `${where}: want ${JSON.stringify(shape)}, found ${encode(value).slice(0, 40)}`, { notStarted: true })
  }
  if (shape.list) return value.map((item) => read(item, shape.list, where))
  if (!shape.struct) return value
  const field = ([key, s]) => [key.replace('?', ''), read(value[key.replace('?', '')], s, key)]
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

/** One connection to a host, after the handshake. */
class Connection {
  calls = new Map() // by tx: what aborts a call of the host's
  waiting = new Map() // by tx: what takes the answer of one of ours
  lastTx = 0; lastNotice = 0; lastPing = 0; heard = 0
  goodbye = false; over = new AbortController() // with the connection
  notices = Promise.resolve(); sent = new Window(); received = new Window()
  room = []; pongs = []; idlers = []

  constructor(socket, hello, changed) {
    this.socket = socket
    this.hostId = hello.host?.id
    this.max = hello.limits?.frame || 16 << 20
    this.inflight = hello.limits?.inflight || 1024
    this.changed = changed // called when there may be less to do, or none
  }

  get lost() { return this.over.signal.aborted }

  end() {
    for (const work of [this.over, ...this.calls.values()]) work.abort(new Failure('Canceled', 'the connection ended'))
    for (const take of this.waiting.values()) take({ kind: 'error', payload: { code: 'Unavailable', message: 'the connection ended' } })
    this.changed()
  }

  /** Sends a frame, and returns its size. */
  send(tx, kind, rest) {
    const line = Buffer.from(encode({ tx, kind, ...rest }) + '\n')
    if (line.length > this.max + 1) throw new Error(`a ${kind} of ${line.length - 1} bytes is over the limit of ${this.max}`)
    if (!this.socket.writableEnded) this.socket.write(line)
    return line.length
  }

  /** Calls the host; timeout is in milliseconds. */
  async call(type, payload, { signal, timeout = 30_000 } = {}) {
    const tx = ++this.lastTx, late = AbortSignal.timeout(Math.min(timeout, longest))
    const limit = AbortSignal.any?.([late, ...(signal ? [signal] : [])]) ?? signal ?? late
    limit.throwIfAborted()
    const frame = await new Promise((resolve, reject) => {
      this.waiting.set(tx, resolve)
      limit.addEventListener('abort', () => this.waiting.has(tx) && (this.send(tx, 'cancel'), reject(limit.reason)), { once: true })
      this.send(tx, 'request', { type, payload, meta: { deadline: timeout } })
    }).finally(() => this.waiting.delete(tx))
    if (frame.kind === 'result') return frame.payload
    const { code = 'Unknown', message = '', ...more } = frame.payload ?? {}
    throw new Failure(code, message, { ...more, origin: 'host' })
  }

  async notify(type, payload) {
    while (!this.sent.room()) await new Promise((resolve) => this.room.push(resolve))
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
    if (this[streams[frame.kind]]?.has(frame.tx) || (unnamed && unnamed[1] < 64)) return false
    return this['on_' + frame.kind]?.(frame, bytes.length + 1)
  }

  on_request({ tx, type, payload, meta }) {
    if (!tx || this.calls.has(tx)) return false
    const call = new AbortController(), late = new Failure('Timeout', 'the deadline passed')
    const timer = meta?.deadline && after(meta.deadline, () => call.abort(late))
    const aborted = new Promise((_, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason)))
    this.calls.set(tx, call)
    Promise.race([this.handle(type, payload, call.signal), aborted])
      .then((value) => this.send(tx, 'result', { payload: value }))
      .catch((error) => this.send(tx, 'error', { payload: error?.record ?? internal(error) }))
      .finally(() => { clearTimeout(timer); this.calls.delete(tx); this.changed() })
  }

  async handle(type, payload, signal) {
    const message = messages.get(type)
    const refuse = (code, text, more) => { throw new Failure(code, text, { notStarted: true, ...more }) }
    if (this.calls.size > this.inflight) refuse('Exhausted', `more than ${this.inflight} calls at once`, { retryable: true })
    if (!message) refuse('Unimplemented', `message ${JSON.stringify(type)} is not handled`)
    if (message.kind === 'notice') refuse('Invalid', `message ${JSON.stringify(type)} is a notice`)
    return message.handler(read(payload, message.payload), this, signal)
  }

  on_cancel({ tx }) { this.calls.get(tx)?.abort(new Failure('Canceled', 'the caller gave up')) }
  on_result(frame) { this.waiting.get(frame.tx)?.(frame) }
  on_error(frame) { this.waiting.get(frame.tx)?.(frame) }
  on_ping({ tx }) { this.send(tx, 'pong') }
  on_pong() { this.pongs.splice(0).forEach((take) => take(true)) }
  on_goodbye() { this.goodbye = true; this.changed() }

  on_credit({ tx, meta }) {
    if (tx !== 0) return !this.calls.has(tx)
    const fewer = this.sent.acknowledge(meta?.items ?? 0)
    this.room.splice(0).forEach((go) => go())
    return fewer
  }

  on_notice({ tx, type, payload }, size) {
    if (tx !== ++this.heard || !this.received.room()) return false
    this.received.add(size)
    this.notices = this.notices.then(async () => {
      try {
        const message = messages.get(type) ?? { handler() { throw new Error('it is not handled') } }
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
    const host = (this.host = new Connection(socket, hello, () => this.look()))
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
