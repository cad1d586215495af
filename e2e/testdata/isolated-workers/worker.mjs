#!/usr/bin/env node
// Plays a worker of the TypeScript library isolated-workers 0.2.0 as it is on the wire, its flaws included: it decodes UTF-8 chunk by
// chunk, does not end on SIGTERM while a connection is open, and lives on when its host is gone.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';

function fatal(text) {
  console.error(text);
  process.exit(1);
}

function readStartup() {
  let data;
  try {
    data = JSON.parse(process.env.ISOLATED_WORKERS_STARTUP_DATA ?? '');
  } catch (err) {
    fatal(`start-up data: ${err.message}`);
  }
  if (data.driver !== 'child_process') fatal(`Driver mismatch: ${data.driver}`);
  const mine = 'JsonSerializer';
  for (const host of [data.serializer, process.env.ISOLATED_WORKERS_SERIALIZER]) {
    if (host && host !== mine) {
      fatal(`Serializer mismatch: host uses ${host}, worker uses ${mine}. Ensure both client and server use the same serializer class.`);
    }
  }
  return data;
}

const startup = readStartup();
let notices = [];

const handlers = {
  'handy.add': ({ a, b }) => ({ sum: a + b }),
  'handy.forget': () => undefined,
  'handy.find': () => null,
  'handy.echo': (text) => text,
  'handy.seen': (n) => {
    if (n < 0) throw new Error('negative');
    notices.push(n);
  },
  'handy.notices': () => notices,
  'handy.environment': () => Object.keys(process.env).filter((k) => /^(ISOLATED_WORKERS|HOTPLUG)/.test(k)).sort(),
  'handy.fail': () => {
    const err = new Error('boom');
    err.name = 'InteropError';
    err.code = 'E_FAIL';
    throw err;
  },
  'handy.sleep': ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms)),
  'handy.crash': ({ code }) => {
    console.error('the last word of the worker');
    process.exit(code);
  },
};

// Replies that do not look as usual: what they write themselves, before the reply.
const odd = {
  'handy.garbage': (socket) => socket.write('{"tx":\nnonsense\r\n\n\r\n{}\n'),
};

function reply(socket, msg) {
  socket.write(JSON.stringify(msg) + '\n');
}

// replyInPieces writes raw UTF-8, cut inside of a character, so that the other end reads it in two chunks.
function replyInPieces(socket, msg) {
  const all = Buffer.from(JSON.stringify(msg) + '\n');
  const cut = all.findIndex((b) => b >= 0xc0) + 1;
  socket.write(all.subarray(0, cut));
  setTimeout(() => socket.write(all.subarray(cut)), 30);
}

async function handle(socket, { tx, type, payload }) {
  odd[type]?.(socket);
  const handler = handlers[type] ?? (type in odd ? () => 'said' : undefined);
  try {
    if (type === 'handy.pieces') return replyInPieces(socket, { tx, type: `${type}Result`, payload });
    if (!handler) throw new Error(`Unknown message type: ${type}`);
    reply(socket, { tx, type: `${type}Result`, payload: await handler(payload) });
  } catch (err) {
    const error = { message: err.message, name: err.name, stack: err.stack };
    if (typeof err.code === 'string') error.code = err.code;
    reply(socket, { tx, type: `${type}Error`, payload: error });
  }
}

let timer;
const server = net.createServer((socket) => {
  clearTimeout(timer);
  let rest = '';
  socket.on('data', (chunk) => {
    rest += chunk.toString('utf8'); // the flaw: a character that lies in two chunks is lost
    const lines = rest.split('\n');
    rest = lines.pop();
    for (const line of lines) {
      if (line.trim() === '') continue;
      try {
        handle(socket, JSON.parse(line));
      } catch (err) {
        console.error(`Failed to parse message: ${err.message}`);
      }
    }
  });
  socket.on('error', () => {});
});

if (!fs.existsSync(path.dirname(startup.socketPath))) fatal(`no such folder: ${path.dirname(startup.socketPath)}`);
fs.rmSync(startup.socketPath, { force: true });
if (startup.serverConnectTimeout > 0) timer = setTimeout(() => fatal('no connection in time'), startup.serverConnectTimeout);
process.on('SIGTERM', () => {
  clearTimeout(timer);
  server.close(() => process.exit(0)); // waits for connections that are open
});
server.listen(startup.socketPath);
