#!/usr/bin/env python3
"""Greets. The protocol is in hotplug.py, which needs nothing but Python 3.9 and is there to be copied."""
import asyncio
import sys

sys.dont_write_bytecode = True  # what a host runs is a read-only copy

from hotplug import Failure, handles, run

PERSON = {"struct": {"name": "string"}}
GREETING = {"struct": {"text": "string"}}
met = []


@handles("greeter.greet", "query", {"struct": {"name": "string", "afterMs?": "int64"}}, GREETING)
async def greet(who, _):
    if not who["name"]:
        raise Failure("NotFound", "there is nobody to greet: name is empty", details={"known": met})
    await asyncio.sleep(who["afterMs"] / 1000)
    return {"text": f"Hello, {who['name']}"}


@handles("greeter.introduce", "method", {"struct": {}}, GREETING)
async def introduce(_, host):
    guest = await host.call("greeter.guest", {})
    await host.notify("greeter.greeted", guest)
    return await greet({"name": guest["name"], "afterMs": 0}, host)


@handles("greeter.met", "notice", PERSON)
async def meet(who, _):
    met.append(who["name"])


@handles("greeter.guests", "query", {"struct": {}}, {"struct": {"names": {"list": "string"}}})
async def guests(*_):
    return {"names": met}


if __name__ == "__main__":
    run("python-toolkit", "1.0.0")
