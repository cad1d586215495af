// Plays a host of the TypeScript library isolated-workers 0.2.0: node host.mjs MODE EXECPATH SOCKET. It prints one line of JSON for each
// thing that it has tried.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import net from 'node:net';

const [mode, execPath, socketPath] = process.argv.slice(2);

const say = (what, value) => process.stdout.write(JSON.stringify({ what, value: value === undefined ? 'undefined' : value }) + '\n');

const startup = { driver: 'child_process', socketPath, serializer: 'JsonSerializer', serverConnectTimeout: 30000 };
const env = { ...process.env };
if (mode !== 'legacy') env.ISOLATED_WORKERS_STARTUP_DATA = JSON.stringify(startup);
env.ISOLATED_WORKERS_SOCKET_PATH = socketPath;
env.ISOLATED_WORKERS_SERVER_CONNECT_TIMEOUT = '30000';
if (mode === 'mismatch') env.ISOLATED_WORKERS_SERIALIZER = 'MsgpackSerializer';

const child = spawn(execPath, ['/app/worker.mjs'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
let stderr = '';
child.stderr.on('data', (chunk) => (stderr += chunk));
const exited = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, stderr })));

const dial = () =>
  new Promise((resolve, reject) => {
    const socket = net.connect(socketPath);
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });

async function connect() {
  for (let attempt = 0; ; attempt++) {
    try {
      return await dial();
    } catch (err) {
      if (attempt === 4) throw err;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.min(100 * 2 ** attempt, 5000) + Math.random() * 100));
  }
}

const pending = new Map();
let socket;

function read() {
  let rest = '';
  socket.on('data', (chunk) => {
    rest += chunk.toString('utf8'); // the library's flaw is here, too
    const lines = rest.split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const { tx, type, payload } = JSON.parse(line);
      const { resolve, reject } = pending.get(tx);
      pending.delete(tx);
      if (type.endsWith('Error')) reject(Object.assign(new Error(payload.message), payload));
      else resolve(payload);
    }
  });
}

function send(type, payload) {
  const tx = randomUUID();
  return new Promise((resolve, reject) => {
    pending.set(tx, { resolve, reject });
    socket.write(JSON.stringify({ type, payload, tx }) + '\n');
  });
}

const attempt = (what, promise) =>
  promise.then(
    (value) => say(what, value),
    ({ message, name, stack, code }) => say(what, { message, name, stack: typeof stack, code: code ?? 'undefined' }),
  );

async function main() {
  if (mode === 'mismatch') return say('exit', await exited);
  socket = await connect();
  read();
  if (mode === 'die') {
    say('pid', child.pid);
    send('handy.sleep', { ms: 60000 }).catch(() => {});
    return await new Promise(() => {});
  }
  await attempt('add', send('handy.add', { a: 2, b: 40 }));
  await attempt('void', send('handy.forget', { a: 1, b: 2 }));
  await attempt('null', send('handy.find', 'x'));
  await attempt('fail', send('handy.fail', {}));
  await attempt('unknown', send('handy.lost', {}));
  socket.write('nonsense\n\r\n{}\n');
  const text = 'grüß Gott, 𝄞 € '.repeat(50000);
  await attempt('text', send('handy.echo', text).then((got) => got === text));
  const sums = await Promise.all(Array.from({ length: 1000 }, (_, n) => send('handy.add', { a: n, b: 1 })));
  say('thousand', sums.every(({ sum }, n) => sum === n + 1));
  const seen = Array.from({ length: 100 }, (_, n) => n);
  await Promise.all(seen.map((n) => send('handy.seen', n)));
  await attempt('notices', send('handy.notices', {}).then((got) => got.every((n, i) => n === i) && got.length));
  await attempt('notice', send('handy.seen', -1));
  await attempt('upwards', send('handy.upwards', {}));
  socket.end();
  say('exit', await exited);
}

await main();
process.exit(0);
