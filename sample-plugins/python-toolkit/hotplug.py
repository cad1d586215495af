"""The hotplug protocol for plugins in Python 3.9 or later, with its standard library alone: a file to copy beside your
plugin. It is docs/protocol.md, with JsonSerializer, on asyncio. greeter.py shows how to use it."""
import asyncio, collections, contextvars, functools, hmac, json, math, os, re, signal, socket, struct, sys, threading

SERIALIZER, MAX_HELLO, MESSAGES, WHO = "JsonSerializer", 1 << 20, {}, {}
TOO_LONG = f"the handshake line is over the limit of {MAX_HELLO} bytes: describe fewer messages"
SENDS, RECEIVES = ("upload", "duplex"), ("stream", "duplex")  # what a call opens, as its caller sees it
CALL = contextvars.ContextVar("call")  # that is handled


class Failure(Exception):
    """Raise it in a handler: the caller gets this code, message and details. A failed call to the host raises it, too."""
    def __init__(self, code, message, **more):
        super().__init__(message)
        self.record = {"code": code, "message": message, "origin": "plugin", **more}


def handles(name, kind, payload=None, reply=None):
    """Declares a message. Its handler takes the payload and the connection to the host. It is canceled, as any task, when
    its caller gives up, its deadline passes or the connection ends. Blocking work belongs into asyncio.to_thread, with an
    event that ends it. For an upload and a duplex the payload is an async iterator of the caller's items; what handles a
    stream or a duplex is an async generator of its own. payload and reply are the shapes, for these of one item. What handles
    a notice keeps those behind it waiting."""
    def register(handler):
        MESSAGES[name] = {"name": name, "kind": kind, "payload": payload, "reply": reply, "handler": handler}
        return handler
    return register


def report(done=0, total=0, note=""):
    """Tells the caller of the handler that calls it how far it has come: two numbers, and a sentence for a person."""
    call = CALL.get(None)
    if call:
        call.report({key: value for key, value in (("done", done), ("total", total), ("note", note)) if value})


KINDS = {"string": (str, ""), "int64": (int, 0), "float64": ((int, float), 0), "bool": (bool, False), "any": (object, None)}

def read(value, shape, where="the payload", **more):
    """The value of a shape, with zero values for what is absent or null. What does not fit is Invalid."""
    kind, zero = KINDS[shape or "any"] if not isinstance(shape, dict) else (list, []) if "list" in shape else (dict, {})
    value = zero if value is None else value
    if not isinstance(value, kind) or kind is int and (isinstance(value, bool) or not -2**63 <= value < 2**63):
        raise Failure("Invalid", f"{where}: want {json.dumps(shape)}, found {value!r:.40}", **more)
    if kind is list:
        return [read(item, shape["list"], where, **more) for item in value]
    return {k.rstrip("?"): read(value.get(k.rstrip("?")), s, k, **more) for k, s in shape["struct"].items()} if kind is dict else value


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


class Sender:
    """One direction of a stream, at the end that sends: as its receiver gives credit."""
    def __init__(self, put):
        self.put, self.items, self.bytes, self.granted = put, 0, 0, asyncio.Event()

    def grant(self, meta):
        """Adds credit; False if that is more than the protocol allows."""
        self.items += meta.get("items", 0)
        self.bytes += meta.get("bytes", 0)
        self.granted.set()
        return max(self.items, self.bytes) < 2**53

    async def send(self, payload):
        """Waits for credit. An item may take more bytes than are left."""
        while self.items < 1 or self.bytes < 1:
            self.granted.clear()
            await self.granted.wait()
        self.bytes -= self.put(payload=payload) - 1  # a terminator takes no credit
        self.items -= 1


class Receiver:
    """One direction of a stream, at the end that receives: an async iterator, which gives credit back for what is taken from it."""
    def __init__(self, window, give, shape=None):
        self.window, self.give, self.shape, self.queue, self.came = window, give, shape, collections.deque(), asyncio.Event()
        self.items = self.bytes = 0  # credit that the sender has
        self.taken_items = self.taken_bytes = 0  # and what is to be given back
        self.closed, self.error = False, None  # the error is raised behind the items

    def begin(self):
        """Counts the credit that the sender has to begin with."""
        self.items, self.bytes = self.window["items"], self.window["bytes"]

    def push(self, payload, size):
        """Takes in an item; False if there was no credit for it, or it came behind the end."""
        if self.closed or self.items < 1 or self.bytes < 1:
            return False
        self.items -= 1
        self.bytes -= size
        self.queue.append((payload, size))
        self.came.set()
        return True

    def close(self, error=None):
        """Says that nothing more comes; False if that is known."""
        if self.closed:
            return False
        self.closed, self.error = True, error
        self.came.set()
        return True

    def __aiter__(self):
        return self

    async def __anext__(self):
        while not self.queue and not self.closed:
            self.came.clear()
            await self.came.wait()
        if not self.queue:
            raise self.error or StopAsyncIteration
        payload, size = self.queue.popleft()
        self.give_back(size)
        return read(payload, self.shape, "an item")

    def give_back(self, size):
        """Gives credit back when half of the window was taken, in items or in bytes."""
        self.taken_items += 1
        self.taken_bytes += size
        few = self.taken_items * 2 < self.window["items"] and self.taken_bytes * 2 < self.window["bytes"]
        if self.closed or few:
            return
        self.give(meta={"items": self.taken_items, "bytes": self.taken_bytes})
        self.items += self.taken_items
        self.bytes += self.taken_bytes
        self.taken_items = self.taken_bytes = 0


class Handling:
    """A call of the host's, until it is answered."""
    def __init__(self, connection, tx, message, payload, meta):
        self.connection, self.tx, self.handler, self.payload = connection, tx, message["handler"], payload
        self.opens, self.wanted, self.latest = meta.get("opens"), meta.get("progress"), None
        self.out = Sender(self.put("item")) if self.opens in RECEIVES else None
        self.items = Receiver(connection.window, self.put("uploadCredit"), message["payload"]) if self.opens in SENDS else None
        self.task = asyncio.ensure_future(self.run((meta.get("deadline") or 0) / 1000 or None))
        self.task.add_done_callback(self.answer)

    def put(self, kind):
        return lambda **rest: self.connection.send(self.tx, kind, **rest)

    async def run(self, seconds):
        return await asyncio.wait_for(self.handle(), seconds)

    async def handle(self):
        CALL.set(self)
        if self.items:
            self.items.begin()
            self.items.give(meta=self.items.window)
        reply = self.handler(self.payload if self.items is None else self.items, self.connection)
        if not self.out:
            return await reply
        try:
            async for item in reply:
                await self.out.send(item)
        finally:
            await reply.aclose()

    def report(self, progress):
        """Sends a report. While much waits to be written it keeps the latest one for later."""
        kept, self.latest = self.latest, progress
        if not kept:
            self.tell()

    def tell(self):
        if not self.latest or not self.wanted:
            return
        if self.connection.writer.transport.get_write_buffer_size() > 1 << 16 and not self.task.done():
            asyncio.get_running_loop().call_later(0.02, self.tell)
            return
        self.connection.send(self.tx, "progress", payload=self.latest)
        self.latest = None

    def answer(self, task):
        """Sends the one answer of a call, whose handler has ended."""
        error = Failure("Canceled", "the caller gave up") if task.cancelled() else task.exception()
        if isinstance(error, asyncio.TimeoutError):
            error = Failure("Timeout", "the deadline passed")
        try:
            self.tell()
            if not error:
                self.connection.send(self.tx, "end") if self.out else self.connection.send(self.tx, "result", payload=task.result())
        except (ValueError, TypeError) as cannot_encode:
            error = cannot_encode
        if error:
            self.connection.fail(self.tx, error)
        if self.items:
            self.items.close()
        self.wanted = False
        del self.connection.calls[self.tx]
        self.connection.changed.set()


class Asking:
    """A call of ours, until the host has answered it: also if it was given up before."""
    def __init__(self, connection, tx, opens, progress):
        self.connection, self.tx, self.opens, self.progress = connection, tx, opens, progress
        self.over, self.timer, self.feeder = False, None, None
        self.answer = asyncio.get_running_loop().create_future()
        self.out = Sender(self.put("upload")) if opens in SENDS else None
        self.items = Receiver(connection.window, self.put("credit")) if opens in RECEIVES else None
        if self.items:
            self.items.begin()

    def put(self, kind):
        return lambda **rest: self.connection.send(self.tx, kind, **rest)

    async def feed(self, items):
        """Sends the items of an upload or duplex until they end, or the call does. Items that fail end the call."""
        try:
            if hasattr(items, "__aiter__"):
                async for item in items:
                    await self.out.send(item)
            else:
                for item in items:
                    await self.out.send(item)
            self.connection.send(self.tx, "uploadEnd")
        except Exception as error:
            self.feeder = None
            self.leave(error)

    def finish(self, error=None, payload=None):
        if self.over:
            return
        self.over = True
        for work in (self.timer, self.feeder):
            if work:
                work.cancel()
        if self.items:
            self.items.close(error)
        elif error and not self.answer.done():
            self.answer.set_exception(error)
        elif not self.answer.done():
            self.answer.set_result(payload)

    def leave(self, error=None):
        """Gives the call up, if it is not over."""
        if self.over:
            return
        self.connection.send(self.tx, "cancel")
        if self.items:
            self.items.queue.clear()
        self.finish(error)


class Connection:
    """One connection to a host, after the handshake."""
    def __init__(self, reader, writer, hello, seconds):
        limits, self.host_id = hello.get("limits") or {}, (hello.get("host") or {}).get("id")
        self.max, self.inflight, self.streams = limits.get("frame") or 16 << 20, limits.get("inflight") or 1024, limits.get("streams") or 256
        self.window = {"items": limits.get("streamItems") or 256, "bytes": limits.get("streamBytes") or 1 << 20}
        self.reader, self.writer, self.seconds = reader, writer, seconds
        self.calls, self.waiting = {}, {}  # by tx: the host's calls, Handling, and ours, Asking
        self.last_tx = self.last_ping = self.last_notice = self.heard = 0
        self.notices, self.sent, self.received = asyncio.Queue(), Window(), Window()
        self.goodbye, self.lost, self.pong, self.changed, self.room, self.answered = (asyncio.Event() for _ in range(6))

    def send(self, tx, kind, **rest):
        """Sends a frame, and returns its size."""
        line = json.dumps({"tx": tx, "kind": kind, **rest}, ensure_ascii=False, allow_nan=False).encode()
        if len(line) > self.max:
            raise ValueError(f"a {kind} of {len(line)} bytes is over the limit of {self.max}")
        self.writer.write(line + b"\n")
        return len(line) + 1

    def fail(self, tx, error):
        """Answers a call with an error."""
        if not isinstance(error, Failure):
            error = Failure("Internal", str(error), name=type(error).__name__)
        self.send(tx, "error", payload=error.record)

    async def call(self, name, payload, seconds=None, progress=None):
        """Calls the host; raises Failure, or asyncio.TimeoutError. seconds: 0 for no limit, None for what the host says, which
        holds for calls without streams. progress takes what is reported: a dict with done, total and note, if they are there."""
        asking = await self.ask(name, payload, None, self.seconds if seconds is None else seconds, progress)
        try:
            return await asking.answer
        finally:
            asking.leave()

    async def stream(self, name, payload, seconds=None, progress=None):
        """Opens a stream of the host's, and yields its items. Who leaves it gives the call up."""
        asking = await self.ask(name, payload, "stream", seconds, progress)
        try:
            async for item in asking.items:
                yield item
        finally:
            asking.leave()

    async def upload(self, name, items, seconds=None, progress=None):
        """Sends items, an iterable or an async one, and returns the host's reply to all of them."""
        asking = await self.ask(name, None, "upload", seconds, progress)
        asking.feeder = asyncio.ensure_future(asking.feed(items))
        try:
            return await asking.answer
        finally:
            asking.leave()

    async def duplex(self, name, items, seconds=None, progress=None):
        """Sends items, and yields those of the host, both at the same time."""
        asking = await self.ask(name, None, "duplex", seconds, progress)
        asking.feeder = asyncio.ensure_future(asking.feed(items))
        try:
            async for item in asking.items:
                yield item
        finally:
            asking.leave()

    async def ask(self, name, payload, opens, seconds, progress):
        while not self.has_place(self.waiting, opens):
            await self.answered.wait()
        self.last_tx = tx = self.last_tx + 1
        context = contextvars.copy_context()  # so that progress may report in turn
        asking = Asking(self, tx, opens, progress and functools.partial(context.run, progress))
        meta = {"opens": opens, "deadline": math.ceil((seconds or 0) * 1000), "progress": bool(progress), **(self.window if asking.items else {})}
        rest = {} if opens in SENDS else {"payload": payload}
        self.send(tx, "request", type=name, meta={key: value for key, value in meta.items() if value}, **rest)
        self.waiting[tx] = asking
        if seconds:
            late = asyncio.TimeoutError(f"{name}: no answer within {seconds} s")
            asking.timer = asyncio.get_running_loop().call_later(seconds, asking.leave, late)
        return asking

    def has_place(self, calls, opens):
        """Whether there is room for one more call, with streams or without."""
        limit = self.streams if opens else self.inflight
        return sum(bool(call.opens) == bool(opens) for call in calls.values()) < limit

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
        except Exception as error:  # ValueError: a line over the limit
            log("the connection broke:", error)
        for task in [worker, *(call.task for call in self.calls.values())]:
            task.cancel()
        for asking in self.waiting.values():
            asking.finish(Failure("Unavailable", "the connection ended"))
        self.writer.close()
        self.lost.set()

    def take(self, line):
        """Takes in one line; False ends the connection."""
        text = line.rstrip(b"\r\n")
        if not line.endswith(b"\n") or len(text) > self.max:
            return False
        try:
            frame = json.loads(text.decode()) if text else {"kind": "kind255"}
            frame = {"tx": 0, "meta": None, **frame, "kind": str(frame["kind"]), "size": len(text)}
            hash(frame["tx"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            log("a line that cannot be read was dropped:", error)
            return True
        frame["meta"] = frame["meta"] or {}
        unnamed = re.fullmatch(r"kind(\d+)", frame["kind"])  # from 64 up: a later version's, to be ignored
        if unnamed:
            return int(unnamed[1]) >= 64
        return getattr(self, "on_" + frame["kind"], lambda _: True)(frame) is not False

    def on_request(self, frame):
        tx, meta = frame["tx"], frame["meta"]
        if not tx or tx in self.calls:
            return False
        try:
            message = self.accept(frame.get("type"), meta.get("opens"))
            payload = None if meta.get("opens") in SENDS else read(frame.get("payload"), message["payload"], notStarted=True)
        except Failure as refused:
            return self.fail(tx, refused)
        self.calls[tx] = call = Handling(self, tx, message, payload, meta)
        return call.out.grant(meta) if call.out else True

    def accept(self, name, opens):
        """The message that is called."""
        message = MESSAGES.get(name) or {"kind": None}
        kind, streams = message["kind"], message["kind"] if message["kind"] in SENDS + RECEIVES else None
        if not self.has_place(self.calls, opens):
            raise Failure("Exhausted", "too many calls at once", notStarted=True, retryable=True)
        if not kind:
            raise Failure("Unimplemented", f'message "{name}" is not handled', notStarted=True)
        if kind == "notice" or streams != opens:
            raise Failure("Invalid", f'message "{name}" is a {kind}', notStarted=True)
        return message

    def on_cancel(self, frame):
        if frame["tx"] in self.calls:
            self.calls[frame["tx"]].task.cancel()

    # Frames of a stream for a call that is over, and so not known, are dropped; for one that has no such stream they are wrong

    def on_upload(self, frame):
        call = self.calls.get(frame["tx"])
        return not call or bool(call.items) and call.items.push(frame.get("payload"), frame["size"])

    def on_uploadEnd(self, frame):
        call = self.calls.get(frame["tx"])
        return not call or bool(call.items) and call.items.close()

    def on_credit(self, frame):
        if frame["tx"] == 0:
            self.room.set()  # wakes all who wait
            self.room.clear()
            return self.sent.acknowledge(frame["meta"].get("items", 0))
        call = self.calls.get(frame["tx"])
        return not call or bool(call.out) and call.out.grant(frame["meta"])

    def on_uploadCredit(self, frame):
        asking = self.waiting.get(frame["tx"])
        return not asking or bool(asking.out) and asking.out.grant(frame["meta"])

    def on_item(self, frame):
        asking = self.waiting.get(frame["tx"])
        return not asking or asking.over or bool(asking.items) and asking.items.push(frame.get("payload"), frame["size"])

    def on_progress(self, frame):
        asking = self.waiting.get(frame["tx"])
        if not asking or asking.over or not asking.progress:
            return
        try:
            asking.progress(frame.get("payload") or {})
        except Exception as error:
            asking.leave(error)

    def on_result(self, frame):
        return self.ends(frame, False)

    def on_end(self, frame):
        return self.ends(frame, True)

    def on_error(self, frame):
        record = {"code": "Unknown", "message": "", **(frame.get("payload") or {}), "origin": "host"}
        return self.ends(frame, None, Failure(**record))

    def ends(self, frame, items, error=None):
        """Ends a call of ours; False if it is one with items and should not be, or the reverse."""
        asking = self.waiting.get(frame["tx"])
        if not asking:
            return True
        if items not in (None, bool(asking.items)):
            return False
        del self.waiting[frame["tx"]]
        self.answered.set()  # wakes all who wait
        self.answered.clear()
        asking.finish(error, frame.get("payload"))

    def on_notice(self, frame):
        self.heard += 1
        if frame["tx"] != self.heard or not self.received.has_room():
            return False
        self.received.add(frame["size"] + 1)
        self.notices.put_nowait(frame)

    def on_ping(self, frame):
        self.send(frame["tx"], "pong")

    def on_pong(self, _):
        self.pong.set()

    def on_goodbye(self, _):
        self.goodbye.set()

    async def handle_notices(self):
        while True:
            notice = await self.notices.get()
            try:
                message = MESSAGES.get(notice.get("type"), {"kind": None})
                if message["kind"] != "notice":
                    raise Failure("Unimplemented", "no such notice is handled")
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
        self.host = Connection(reader, writer, hello, self.timeouts.get("call"))
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
