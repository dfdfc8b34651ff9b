"""`python -m phonebox --smpp-port 2775 --http-port 8003 --store FILE`."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from pathlib import Path

from phonebox.centre import Centre
from phonebox.contacts import Contacts
from phonebox.crowd import Crowd
from phonebox.pages import Box, serve
from phonebox.store import Store

HOST = "127.0.0.1"


async def run(options: argparse.Namespace) -> None:
    store = Store(options.store)
    centre = Centre(store, options.system_id, options.password)
    crowd = Crowd(centre.answer, options.seed)
    box = Box(store, centre, crowd, Contacts(options.contacts))
    centre.changed = box.notify
    crowd.loop = asyncio.get_running_loop()
    centre.arrived.append(crowd.heard)
    if options.auto:
        crowd.set(True, options.no_answer, tuple(options.delay_s), options.seed)
    server = await centre.serve(HOST, options.smpp_port)
    pages = serve(box, options.http_port)
    print(
        f"phonebox http://localhost:{options.http_port} smpp {HOST}:{options.smpp_port}", flush=True
    )
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    task = asyncio.create_task(centre.hand_over())
    await stop.wait()
    task.cancel()
    pages.shutdown()
    await asyncio.wait([task])
    await centre.end(server)


def main() -> None:
    parser = argparse.ArgumentParser(prog="phonebox", description="The telephone box (演示)")
    parser.add_argument("--smpp-port", type=int, default=2775)
    parser.add_argument("--http-port", type=int, default=8003)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--contacts", type=Path, help="JSON: number → name and post")
    parser.add_argument("--system-id", default="anlan")
    parser.add_argument("--password", default=os.environ.get("PHONEBOX_PASSWORD", "anlan"))
    parser.add_argument("--auto", action="store_true", help="the crowd answers by itself")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-answer", type=float, default=0.3)
    parser.add_argument("--delay-s", type=float, nargs=2, default=(5.0, 60.0))
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
