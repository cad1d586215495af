"""The hotplug protocol for plugins in Python 3.9 or later, with its standard library alone: a file to copy beside your
plugin. It is docs/protocol.md, with JsonSerializer, on asyncio. greeter.py shows how to use it."""
import asyncio, collections, hmac, json, os, re, signal, socket, struct, sys, threading

SERIALIZER, MAX_HELLO, MESSAGES, WHO = "JsonSerializer", 1 << 20, {}, {}
TOO_LONG = f"the handshake line is over the limit of {MAX_HELLO} bytes: describe fewer messages"
# Kinds of streams, which end the connection where they are of a call, the host's or ours: no call has a stream here
STREAMS = {"upload": "calls", "uploadEnd": "calls", "credit": "calls", "item": "waiting", "end": "waiting", "uploadCredit": "waiting"}


class Failure(Exception):
    """Raise it in a handler: the caller gets this code, message and details. A failed call to the host raises it, too."""
    def __init__(self, code, message, **more):
        super().__init__(message)
        self.record = {"code": code, "message": message, "origin": "plugin", **more}


def handles(name, kind, payload=None, reply=None):
    """Declares a message. Its handler takes the payload and the connection to the host. It is canceled, as any task, when
    its caller gives up, its deadline passes or the connection ends. What handles a notice keeps those behind it waiting.
    Blocking work belongs into asyncio.to_thread, with an event that ends it."""
    def register(handler):
        MESSAGES[name] = {"name": name, "kind": kind, "payload": payload, "reply": reply, "handler": handler}
        return handler
    return register


KINDS = {"string": (str, ""), "int64": (int, 0), "float64": ((int, float), 0), "bool": (bool, False), "any": (object, None)}

def read(value, shape, where="the payload"):
    """The value of a shape, with zero values for what is absent or null. What does not fit is Invalid."""
    kind, zero = KINDS[shape or "any"] if not isinstance(shape, dict) else (list, []) if "list" in shape else (dict, {})
    value = zero if value is None else value
    if not isinstance(value, kind) or kind is int and (isinstance(value, bool) or not -2**63 <= value < 2**63):
        raise Failure("Invalid", f"{where}: want {json.dumps(shape)}, found {value!r:.40}", notStarted=True)
    if kind is list:
        return [read(item, shape["list"], where) for item in value]
    return {k.rstrip("?"): read(value.get(k.rstrip("?")), s, k) for k, s in shape["struct"].items()} if kind is dict else value


def log(*words):
    print(*words, file=sys.stderr, flush=True)


async def first(*waits, seconds=None):
    """Waits until one is done; False if none was in time."""
    done, late = await asyncio.wait([asyncio.ensure_future(w) for w in waits], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for wait in late:
        wait.cancel()
    return bool(done)


class Window:
    """The notices of one direction that are not acknowledged: there is room for 1,024, and for 16 MiB of them and one more."""
    def __init__(self):
        self.sizes, self.bytes = collections.deque(), 0

    def has_room(self):
        return len(self.sizes) < 1024 and self.bytes < 16 << 20

    def add(self, size):
        self.sizes.append(size)
        self.bytes += size

    def acknowledge(self, items):
        """Takes the oldest out, or returns False: there are not so many."""
        if items > len(self.sizes):
            return False
        self.bytes -= sum(self.sizes.popleft() for _ in range(items))
        return True


class Connection:
    """One connection to a host, after the handshake."""
    def __init__(self, reader, writer, hello):
        limits, self.host_id = hello.get("limits") or {}, (hello.get("host") or {}).get("id")
        self.max, self.inflight = limits.get("frame") or 16 << 20, limits.get("inflight") or 1024
        self.reader, self.writer, self.calls, self.waiting = reader, writer, {}, {}  # by tx: the host's calls, and ours
        self.last_tx = self.last_ping = self.last_notice = self.heard = 0
        self.notices, self.sent, self.received = asyncio.Queue(), Window(), Window()
        self.goodbye, self.lost, self.pong, self.changed, self.room = (asyncio.Event() for _ in range(5))

    def send(self, tx, kind, **rest):
        """Sends a frame, and returns its size."""
        line = json.dumps({"tx": tx, "kind": kind, **rest}, ensure_ascii=False, allow_nan=False).encode()
        if len(line) > self.max:
            raise ValueError(f"a {kind} of {len(line)} bytes is over the limit of {self.max}")
        self.writer.write(line + b"\n")
        return len(line) + 1

    async def call(self, name, payload, seconds=30):
        """Calls the host; raises Failure, or asyncio.TimeoutError."""
        self.last_tx = tx = self.last_tx + 1
        answer = self.waiting[tx] = asyncio.get_running_loop().create_future()
        try:
            self.send(tx, "request", type=name, payload=payload, meta={"deadline": max(1, int(seconds * 1000))})
            frame = await asyncio.wait_for(answer, seconds)
        except (asyncio.TimeoutError, asyncio.CancelledError):
            self.send(tx, "cancel")
            raise
        finally:
            del self.waiting[tx]
        if frame["kind"] == "error":
            raise Failure(**{"code": "Unknown", "message": "", **(frame.get("payload") or {}), "origin": "host"})
        return frame.get("payload")

    async def notify(self, name, payload):
        while not self.sent.has_room():
            await self.room.wait()
        self.sent.add(self.send(self.last_notice + 1, "notice", type=name, payload=payload))
        self.last_notice += 1

    async def serve(self):
        worker = asyncio.ensure_future(self.handle_notices())
        try:
            while self.take(await self.reader.readline()):
                await self.writer.drain()
        except (OSError, ValueError) as error:  # ValueError: a line over the limit
            log("the connection broke:", error)
        for task in [worker, *self.calls.values(), *self.waiting.values()]:
            task.cancel()
        self.writer.close()
        self.lost.set()

    def take(self, line):
        """Takes in one line; False ends the connection."""
        text = line.rstrip(b"\r\n")
        if not line.endswith(b"\n") or len(text) > self.max:
            return False
        try:
            frame = json.loads(text.decode()) if text else {"kind": "kind255"}
            tx, kind, meta = frame.get("tx", 0), str(frame["kind"]), frame.get("meta") or {}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            log("a line that cannot be read was dropped:", error)
            return True
        if kind == "request":
            if not tx or tx in self.calls:
                return False
            self.calls[tx] = asyncio.ensure_future(self.handle(frame, len(self.calls), (meta.get("deadline") or 0) / 1000))
            self.calls[tx].add_done_callback(lambda task: self.answer(tx, task))
        elif kind == "cancel" and tx in self.calls:
            self.calls[tx].cancel()
        elif kind in ("result", "error") and tx in self.waiting and not self.waiting[tx].done():
            self.waiting[tx].set_result(frame)
        elif kind == "notice":
            self.heard += 1
            if tx != self.heard or not self.received.has_room():
                return False
            self.received.add(len(line))
            self.notices.put_nowait(frame)
        elif kind == "credit" and tx == 0:
            self.room.set()  # wakes all who wait
            self.room.clear()
            return self.sent.acknowledge(meta.get("items", 0))
        elif kind == "ping":
            self.send(tx, "pong")
        elif kind in ("pong", "goodbye"):
            getattr(self, kind).set()
        unnamed = re.fullmatch(r"kind(\d+)", kind)  # from 64 up: a later version's, to be ignored
        return tx not in getattr(self, STREAMS.get(kind, ""), ()) and (not unnamed or int(unnamed[1]) >= 64)

    async def handle(self, request, before, seconds):
        name = request.get("type")
        if before >= self.inflight:
            raise Failure("Exhausted", f"more than {self.inflight} calls at once", notStarted=True, retryable=True)
        if name not in MESSAGES:
            raise Failure("Unimplemented", f'message "{name}" is not handled', notStarted=True)
        if MESSAGES[name]["kind"] == "notice":
            raise Failure("Invalid", f'message "{name}" is a notice', notStarted=True)
        payload = read(request.get("payload"), MESSAGES[name]["payload"])
        return await asyncio.wait_for(MESSAGES[name]["handler"](payload, self), seconds or None)

    def answer(self, tx, task):
        """Sends the one answer of a call, whose handler has ended."""
        del self.calls[tx]
        self.changed.set()
        error = Failure("Canceled", "the caller gave up") if task.cancelled() else task.exception()
        if isinstance(error, asyncio.TimeoutError):
            error = Failure("Timeout", "the deadline passed")
        try:
            if not error:
                return self.send(tx, "result", payload=task.result())
        except (ValueError, TypeError) as cannot_encode:
            error = cannot_encode
        if not isinstance(error, Failure):
            error = Failure("Internal", str(error), name=type(error).__name__)
        self.send(tx, "error", payload=error.record)

    async def handle_notices(self):
        while True:
            notice = await self.notices.get()
            try:
                message = MESSAGES[notice.get("type")]
                await message["handler"](read(notice.get("payload"), message["payload"]), self)
            except Exception as error:
                log(f"notice {notice.get('type')}: {error!r}")
            self.received.acknowledge(1)
            self.send(0, "credit", meta={"items": 1})
            self.changed.set()

    async def idle(self):
        while self.calls or self.received.sizes:
            self.changed.clear()
            await self.changed.wait()

    async def answers_ping(self):
        self.last_ping += 1
        self.pong.clear()
        self.send(self.last_ping, "ping")
        return await first(self.pong.wait(), seconds=1)


class Plugin:
    """The process, which serves one host at a time."""
    def __init__(self, startup):
        self.startup, self.host, self.connected, self.asked = startup, None, asyncio.Event(), asyncio.Event()
        self.timeouts = {name: (ms or 0) / 1000 or None for name, ms in (startup.get("timeouts") or {}).items()}

    async def refusal(self, hello):
        """Why this host is not served: a code and a sentence. None if it is."""
        if not hmac.compare_digest(str(hello.get("token")).encode(), self.startup["token"].encode()):
            return "Denied", "wrong token: this plugin belongs to another host"
        if 1 not in (hello.get("hotplug") or []):
            return "Protocol", f"protocol mismatch: host offers {str(hello.get('hotplug'))[1:-1]}, plugin speaks 1"
        if hello.get("serializer") != SERIALIZER:
            return "Protocol", f"serializer mismatch: host uses {hello.get('serializer')}, plugin uses {SERIALIZER}"
        other = self.host and not self.host.lost.is_set() and self.host.host_id != (hello.get("host") or {}).get("id")
        if other and await self.host.answers_ping():
            return "Conflict", "busy: another host is connected to this plugin"

    async def accept(self, reader, writer):
        peer = writer.get_extra_info("socket")
        if hasattr(socket, "SO_PEERCRED"):
            user = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
            if user not in (0, os.getuid()):
                return writer.close()
        line = b""
        try:
            line = await asyncio.wait_for(reader.readline(), self.timeouts.get("handshake") or 10)
            if len(line) > MAX_HELLO + 1:
                raise ValueError(TOO_LONG)
            hello = json.loads(line.decode())
            refused = await self.refusal(hello)
        except asyncio.TimeoutError:
            return writer.close()
        except (ValueError, AttributeError, TypeError, OSError) as error:
            # readline raises ValueError, too: of what is over its own limit
            no_json = f"expected a handshake line of JSON, found {line[:24]!r}: {error}"
            refused = "Protocol", no_json if 0 < len(line) <= MAX_HELLO + 1 else TOO_LONG
        if refused:
            log("connection refused:", refused[1])
            writer.write(json.dumps({"error": {"code": refused[0], "message": refused[1]}}).encode() + b"\n")
            return writer.close()
        if self.host:
            self.host.writer.close()  # the same host again, or one that is there no more
        self.host = Connection(reader, writer, hello)
        line = {"hotplug": 1, "serializer": SERIALIZER, "answer": self.startup["answer"], "plugin": {**WHO, "pid": os.getpid()}, "handles": described()}
        writer.write(json.dumps(line).encode() + b"\n")
        self.connected.set()
        await self.host.serve()

    def signalled(self):
        if self.asked.is_set() or self.host and self.host.goodbye.is_set():
            os._exit(0)
        self.asked.set()

    async def run(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.signalled)
        listener = self.startup.get("listener")
        where = {"sock": socket.socket(fileno=listener)} if listener else {"path": self.startup["socket"]}
        limit = (self.startup.get("limits") or {}).get("frame") or 16 << 20
        server = await asyncio.start_unix_server(self.accept, limit=max(limit, MAX_HELLO) + 2, **where)
        if not await first(self.connected.wait(), self.asked.wait(), seconds=self.timeouts.get("hostConnect")):
            die(69, "no host connected in time: start this plugin through its host")
        host = None
        while host is not self.host:  # which changes when the same host connects again
            host = self.host
            await first(host.goodbye.wait(), host.lost.wait(), self.asked.wait())
        if host and not host.lost.is_set():
            await self.leave(host)
        elif host:
            await asyncio.sleep(0.1)  # the lifeline, which ends children too, may come behind the connection
        server.close()

    async def leave(self, host):
        if not host.goodbye.is_set():  # this side goes first: it serves until it has read the host's goodbye
            host.send(0, "goodbye", meta={"then": "stop"})
            await first(host.goodbye.wait(), host.lost.wait(), seconds=self.timeouts.get("stop"))
        await first(host.idle(), host.lost.wait())
        host.send(0, "goodbye", meta={"then": "stop"})
        host.writer.close()
        await host.lost.wait()


async def serve(startup):
    await Plugin(startup).run()  # made in here: before Python 3.10 an event belongs to the loop in which it was made


def described():
    return [{k: m[k] for k in ("name", "kind", "payload", "reply") if m[k]} for m in MESSAGES.values()]


def die(code, sentence):
    log(sentence)
    os._exit(code)


def watch(lifeline):
    """Ends the process group when the host is gone. On Linux the kernel has done so before."""
    while os.read(lifeline, 4096):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def read_startup(value):
    if value.startswith("fd:"):
        lifeline, value = int(value[3:]), b""
        os.set_inheritable(lifeline, False)
        os.set_blocking(lifeline, True)
        while not value.endswith(b"\n"):
            value += os.read(lifeline, 32_768) or b" \n"
        threading.Thread(target=watch, args=(lifeline,), daemon=True).start()
    startup = json.loads(value)
    missing = [name for name in ("hotplug", "serializer", "token", "answer") if not startup.get(name)]
    if missing or not (startup.get("listener") or startup.get("socket")):
        raise ValueError(f"{', '.join(missing) or 'socket and listener'} missing")
    return startup


def run(name, version):
    """Serves the messages that were declared, until the host says goodbye. It does not return."""
    WHO.update(name=name, version=version)
    if os.environ.get("HOTPLUG_DESCRIBE") == "1":
        print(json.dumps({"hotplug": [1], **WHO, "serializer": SERIALIZER, "handles": described()}), flush=True)
        sys.exit(0)
    value = os.environ.pop("HOTPLUG_STARTUP", "")
    if not value:
        die(64, f"{name} {version} is a plugin: a program that a hotplug host launches. Put its folder, with its plugin.json, into "
                "the host's plugins folder. HOTPLUG_DESCRIBE=1 prints what it answers.")
    try:
        startup = read_startup(value)
    except (ValueError, AttributeError, TypeError, OSError) as error:
        die(65, f"start-up data cannot be read: {error}")
    if startup["serializer"] != SERIALIZER:
        die(78, f"serializer mismatch: host uses {startup['serializer']}, plugin uses {SERIALIZER}")
    asyncio.run(serve(startup))
    sys.stdout.flush()
    os._exit(0)  # whatever blocking work asyncio.to_thread still does
