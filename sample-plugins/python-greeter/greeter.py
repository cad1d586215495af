#!/usr/bin/env python3
"""A whole plugin in one file, with nothing but Python 3.9 or later: copy it, put your messages in place of these."""
import asyncio, hmac, itertools, json, os, re, signal, socket, sys

PLUGIN = {"name": "python-greeter", "version": "1.0.0"}  # as in plugin.json
met, greeting = [], {"struct": {"text": "string"}}

async def greet(who, host):
    if not who.get("name"): raise Failure("NotFound", "there is nobody to greet: name is empty", details={"known": met})
    await asyncio.sleep((who.get("afterMs") or 0) / 1000)
    return {"text": f"Hello, {who['name']}"}

async def introduce(_, host):
    guest = await host.call("greeter.guest", {})
    await host.notify("greeter.greeted", guest)
    return await greet(guest, host)

# By name: kind, payload, reply, handler: a function, or a coroutine that is cancelled when nobody waits for it.
handlers = {
    "greeter.greet": ("query", {"struct": {"name": "string", "afterMs": "int64"}}, greeting, greet),
    "greeter.introduce": ("method", {"struct": {}}, greeting, introduce),
    "greeter.met": ("notice", {"struct": {"name": "string"}}, None, lambda who, _: met.append(who.get("name"))),
    "greeter.guests": ("query", {"struct": {}}, {"struct": {"names": {"list": "string"}}}, lambda *_: {"names": met}),
}

# From here on it is docs/protocol.md, with JsonSerializer: nothing has to be changed.
SERIALIZER, STOP, NO, NEVER = "JsonSerializer", {"then": "stop"}, {"notStarted": True}, 1e9  # seconds
GIVEN_UP = {asyncio.CancelledError: ("Canceled", "the caller gave up"), asyncio.TimeoutError: ("Timeout", "too late")}
startup, current = {"frame": 16 << 20, "inflight": 1024, "handshake": 10, "hostConnect": NEVER, "stop": NEVER}, None

class Failure(Exception):
    """What a handler raises, and a call that the host fails. The caller gets it: what more there is must be JSON."""
    def __init__(self, code, message, **more):
        super().__init__(message)
        self.record = json.loads(json.dumps({"code": code, "message": message, "origin": "plugin", **more}))

def must(holds, message, code="Protocol", **more):
    if not holds: raise Failure(code, message, **more)

def fits(value, shape):
    """Whether a payload is of its shape. A field may be absent or null; its handler checks what is none of these."""
    if value is None or not isinstance(shape, dict):
        return value is None or type(value) is {"string": str, "bool": bool, "int64": int}.get(shape, type(value))
    return isinstance(value, dict) and all(fits(value.get(key), inner) for key, inner in shape["struct"].items())

def has_room(sizes):  # for one more notice, beside those of these sizes
    return len(sizes) < 1024 and sum(sizes) < 16 << 20

class Host:  # a connection to it
    def __init__(self, reader, writer):
        self.reader, self.writer, self.id, self.limit, self.pong = reader, writer, None, 1 << 20, asyncio.Event()
        self.tasks, self.held, self.turn = {}, [], asyncio.Lock()  # the host's calls and notices, sizes of these
        self.answers, self.asked, self.heard = {}, itertools.count(1), itertools.count(1)  # by tx; our txs; its notices
        self.open, self.told, self.room = [], 0, asyncio.Event()  # our notices: sizes of those that are open

    def send(self, tx, kind, **rest):
        line = json.dumps({"tx": tx, "kind": kind, **rest}, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        must(len(line) <= self.limit + 1, f"a {kind} of {len(line)} bytes is over {self.limit}", "Internal")
        self.writer.write(line)
        return len(line)

    async def call(self, name, payload):
        """Calls the host, which answers Timeout when it takes too long. It ends with the handler that makes it."""
        tx, answer = next(self.asked), asyncio.get_running_loop().create_future()
        self.answers[tx] = answer
        answer.add_done_callback(lambda _: self.answers.pop(tx).cancelled() and self.send(tx, "cancel"))
        self.send(tx, "request", type=name, payload=payload, meta={"deadline": startup["timeouts"].get("call")})
        frame = await answer
        if frame["kind"] == "error": raise Failure(**{**frame["payload"], "origin": "host"})
        return frame.get("payload")

    async def notify(self, name, payload):
        while not has_room(self.open): await self.room.wait()
        self.open.append(self.send(self.told + 1, "notice", type=name, payload=payload))
        self.told += 1  # not before: there is no gap if it cannot be sent

    def receive(self, line):  # what it raises ends the connection
        try:
            frame = json.loads(line.decode())
            tx, kind, meta = frame.get("tx", 0), str(frame["kind"]), frame.get("meta") or {}
        except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
            return print("a line that cannot be read was dropped:", error, file=sys.stderr)
        must(not re.fullmatch(r"kind([0-5]?\d|6[0-3])", kind), f"a frame of {kind}")  # from 64 up: of a later version
        if kind == "request":
            must(tx and tx not in self.tasks, f"a request with the tx {tx}")
            self.tasks[tx] = asyncio.ensure_future(self.answer(tx, frame, (meta.get("deadline") or 0) / 1000 or None))
        elif kind == "cancel" and tx in self.tasks: self.tasks[tx].cancel()
        elif kind in ("result", "error") and tx in self.answers:
            self.answers[tx].done() or self.answers[tx].set_result(frame)
        elif kind == "notice":
            must(tx == next(self.heard) and has_room(self.held), f"notice {tx}: out of order, or beyond the window")
            self.held.append(len(line))
            self.tasks["notice", tx] = asyncio.ensure_future(self.take(tx, frame))
        elif kind == "credit" and tx == 0:
            must(meta.get("items", 0) <= len(self.open), "an acknowledgement of more notices than were sent")
            del self.open[:meta.get("items", 0)]
            self.room.set()  # wakes all who wait
            self.room.clear()
        elif kind == "ping": self.send(tx, "pong")
        elif kind == "pong": self.pong.set()
        elif kind == "goodbye": asyncio.ensure_future(self.leave())

    async def run(self, frame):
        name, payload = frame.get("type"), frame.get("payload")
        kind, shape, _, handler = handlers.get(name) or (None,) * 4
        must(kind, f'message "{name}" is not handled', "Unimplemented", **NO)
        same = (kind == "notice") == (frame["kind"] == "notice") and not (frame.get("meta") or {}).get("opens")
        must(same, f'message "{name}" is a {kind}', "Invalid", **NO)
        must(fits(payload, shape), f"want a payload like {json.dumps(shape)}", "Invalid", **NO)
        result = handler({} if payload is None and shape else payload, self)
        return await result if asyncio.iscoroutine(result) else result

    async def answer(self, tx, frame, seconds):
        try:
            must(len(self.tasks) - len(self.held) <= startup["inflight"], "too many", "Exhausted", retryable=True, **NO)
            self.send(tx, "result", payload=await asyncio.wait_for(self.run(frame), seconds))
        except (Exception, asyncio.CancelledError) as error:
            code, message = GIVEN_UP.get(type(error), ("Internal", str(error)))
            self.send(tx, "error", payload={"code": code, "message": message, **getattr(error, "record", {})})
        finally: del self.tasks[tx]

    async def take(self, tx, frame):
        try:
            async with self.turn: await self.run(frame)
        except Exception as error:
            print(f"notice {frame.get('type')}: {error}", file=sys.stderr)
        finally:
            del self.held[0], self.tasks["notice", tx]
            self.send(0, "credit", meta={"items": 1})

    async def leave(self):
        while self.tasks: await asyncio.wait(self.tasks.values())
        self.send(0, "goodbye", meta=STOP)
        self.writer.close()  # and so serve ends

    async def serve(self):
        asyncio.get_running_loop().call_later(startup["handshake"], lambda: self is current or self.writer.close())
        try:
            async for line in self.reader:
                must(len(line) <= self.limit + 1, f"a line is over {self.limit} bytes")
                self.receive(line) if self is current else await self.welcome(json.loads(line))
                await asyncio.sleep(0)  # lets a call begin, which would miss its cancel otherwise
        except Exception as error:
            print("the connection ended:", error, file=sys.stderr)
            refusal = getattr(error, "record", {"code": "Protocol", "message": "expected a handshake line of JSON"})
            if self is not current: self.writer.write(json.dumps({"error": refusal}).encode() + b"\n")
        self.writer.close()
        for task in self.tasks.values(): task.cancel()
        await asyncio.sleep(0.1)  # behind the lifeline, which ends children, too
        if self is current: os._exit(0)

    async def welcome(self, hello):  # what it raises is the refusal
        global current
        versions, theirs, self.id = hello.get("hotplug"), hello.get("serializer"), (hello.get("host") or {}).get("id")
        must(hmac.compare_digest(str(hello.get("token")).encode(), startup["token"].encode()), "wrong token", "Denied")
        must(1 in versions, f"protocol mismatch: host offers {versions}, plugin speaks 1")
        must(theirs == SERIALIZER, f"serializer mismatch: host uses {theirs}, plugin uses {SERIALIZER}")
        if current and current.id != self.id:
            current.send(1, "ping")
            pong, _ = await asyncio.wait([asyncio.ensure_future(current.pong.wait())], timeout=1)
            must(not pong, "busy: another host is connected to this plugin", "Conflict")
        if current: current.writer.close()  # the same host again, or one that answers no more
        current, self.limit = self, startup["frame"]
        self.writer.write(json.dumps(startup["reply"]).encode() + b"\n")

async def listen(reply):
    loop, value = asyncio.get_running_loop(), os.environ.pop("HOTPLUG_STARTUP", "")
    must(value, "this is a plugin: put its folder into a hotplug host's plugins folder, and it is launched", 64)
    if value.startswith("fd:"):
        lifeline, value = int(value[3:]), os.read(int(value[3:]), 32_768)
        loop.add_reader(lifeline, os.killpg, 0, signal.SIGKILL)  # all that can come is its end: the host is gone
    data = json.loads(value)
    given = {**data["limits"], **{name: ms / 1000 for name, ms in data["timeouts"].items()}}  # 0 is no limit
    startup.update(data, **{key: n for key, n in given.items() if n}, reply={**reply, "answer": data["answer"]})
    theirs, listener, _ = data["serializer"], data.get("listener"), data["token"]
    must(theirs == SERIALIZER, f"serializer mismatch: host uses {theirs}, plugin uses {SERIALIZER}", 78)
    def leave():
        if current: current.send(0, "goodbye", meta=STOP)  # and serve until the host has said goodbye, too
        loop.call_later(startup["stop"] if current else 0, os._exit, 0)
    for number in (signal.SIGTERM, signal.SIGINT): loop.add_signal_handler(number, leave)
    where = {"sock": socket.socket(fileno=listener)} if listener else {"path": data["socket"]}
    server = await asyncio.start_unix_server(lambda *s: Host(*s).serve(), limit=startup["frame"] + (1 << 20), **where)
    await asyncio.sleep(startup["hostConnect"])
    must(current, "no host connected in time", 69)
    await server.serve_forever()

def main():
    sys.stdout.reconfigure(line_buffering=True)  # what a handler prints is a line of the host's log
    names = ("name", "kind", "payload", "reply")
    about = {"serializer": SERIALIZER, "handles": [dict(zip(names, (name, *rest))) for name, rest in handlers.items()]}
    if os.environ.get("HOTPLUG_DESCRIBE") == "1": return print(json.dumps({**about, **PLUGIN, "hotplug": [1]}))
    try:
        asyncio.run(listen({**about, "plugin": PLUGIN, "hotplug": 1}))
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        os._exit(getattr(error, "record", {}).get("code", 70 if current else 65))

if __name__ == "__main__":
    main()
