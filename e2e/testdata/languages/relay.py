#!/usr/bin/env python3
"""Passes calls with streams on to its host, and what is reported of them back, with sample-plugins/python-toolkit/hotplug.py."""
import contextlib
import sys

sys.dont_write_bytecode = True  # what a host runs is a read-only copy

from hotplug import handles, report, run

ended = 0


@contextlib.contextmanager
def counted():
    global ended
    try:
        yield
    finally:
        ended += 1


def tell(progress):
    report(**progress)


@handles("oddity.count", "stream")
async def count(to, host):
    with counted():
        async for item in host.stream("e2e.count", to, progress=tell):
            yield item


@handles("oddity.sum", "upload")
async def add(items, host):
    with counted():
        return await host.upload("e2e.sum", items, progress=tell)


@handles("oddity.chat", "duplex")
async def chat(items, host):
    with counted():
        async for item in host.duplex("e2e.chat", items, progress=tell):
            yield item


@handles("oddity.double", "method")
async def double(number, host):
    return await host.call("e2e.double", number, progress=tell)


@handles("oddity.ended", "query")
async def how_many(*_):
    return {"n": ended}


if __name__ == "__main__":
    run("relay", "1.0.0")
