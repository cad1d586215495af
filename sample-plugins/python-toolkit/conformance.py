#!/usr/bin/env python3
"""The greeter, and the messages with which `hotplug conformance` finds out more: see docs/conformance.md."""
import asyncio
import sys

sys.dont_write_bytecode = True  # what a host runs is a read-only copy

import greeter
from hotplug import Failure, handles, report, run

TOLD = {"struct": {"type": "string", "payload?": "any", "count?": "int64"}}
notes = []


@handles("conformance.echo", "query")
async def echo(value, _):
    return value


@handles("conformance.sleep", "query", {"struct": {"ms": "int64"}})
async def sleep(how, _):
    await asyncio.sleep(how["ms"] / 1000)


@handles("conformance.fail", "query", {"struct": {"code": "string", "message": "string"}})
async def fail(how, _):
    raise Failure(how["code"], how["message"])


@handles("conformance.note", "notice", {"struct": {"text": "string"}})
async def note(what, _):
    notes.append(what["text"])


@handles("conformance.hold", "notice", {"struct": {"ms": "int64"}})
async def hold(how, _):
    await asyncio.sleep(how["ms"] / 1000)


@handles("conformance.notes", "query")
async def list_notes(*_):
    return {"texts": notes}


@handles("conformance.call", "method", TOLD)
async def call(what, host):
    return await host.call(what["type"], what["payload"])


@handles("conformance.tell", "method", TOLD)
async def tell(what, host):
    for number in range(what["count"]):
        await host.notify(what["type"], {"n": number + 1})


NUMBER, TEXT = {"struct": {"n": "int64"}}, {"struct": {"text": "string"}}


@handles("conformance.count", "stream", {"struct": {"to": "int64"}}, NUMBER)
async def count(what, _):
    for number in range(what["to"]):
        yield {"n": number + 1}


@handles("conformance.sum", "upload", NUMBER, {"struct": {"s": "int64"}})
async def add(items, _):
    return {"s": sum([item["n"] async for item in items])}


@handles("conformance.upper", "duplex", TEXT, TEXT)
async def upper(items, _):
    async for item in items:
        yield {"text": item["text"].upper()}


@handles("conformance.steps", "method", {"struct": {"steps": "int64"}}, {"struct": {}})
async def steps(what, _):
    for step in range(what["steps"]):
        report(step + 1, what["steps"])
    return {}


if __name__ == "__main__":
    run("python-toolkit", "1.0.0")
