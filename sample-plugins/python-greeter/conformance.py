#!/usr/bin/env python3
"""The greeter, and the messages with which `hotplug conformance` finds out more: see docs/conformance.md."""
import asyncio
import sys

sys.dont_write_bytecode = True  # what a host runs is a read-only copy

import greeter

TOLD = {"struct": {"type": "string", "payload": "any", "count": "int64"}}
notes = []


async def sleep(how, _):
    await asyncio.sleep(how["ms"] / 1000)


def fail(how, _):
    raise greeter.Failure(how["code"], how["message"])


async def call(what, host):
    return await host.call(what["type"], what.get("payload"))


async def tell(what, host):
    for number in range(what["count"]):
        await host.notify(what["type"], {"n": number + 1})


greeter.handlers.update({
    "conformance.echo": ("query", "any", "any", lambda value, _: value),
    "conformance.sleep": ("query", {"struct": {"ms": "int64"}}, None, sleep),
    "conformance.fail": ("query", {"struct": {"code": "string", "message": "string"}}, None, fail),
    "conformance.note": ("notice", {"struct": {"text": "string"}}, None, lambda what, _: notes.append(what["text"])),
    "conformance.hold": ("notice", {"struct": {"ms": "int64"}}, None, sleep),
    "conformance.notes": ("query", None, None, lambda *_: {"texts": notes}),
    "conformance.call": ("method", TOLD, None, call),
    "conformance.tell": ("method", TOLD, None, tell),
})

if __name__ == "__main__":
    greeter.main()
