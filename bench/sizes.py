"""How much a tool of the bench measures, and the machine's load beside it.

Each tool has sizes with a name; `--quick` takes the small ones, so that all tools together end in
a quarter of an hour on a quiet machine and each of them in four minutes on a busy one.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def measured(doc: str, **sizes: tuple[int, int]) -> Iterator[argparse.Namespace]:
    """The sizes that were asked for, by name; prints the load before and after.

    sizes: name → (whole, quick); an option of that name overrides both.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller sizes, minutes at most")
    for name, (whole, quick) in sizes.items():
        parser.add_argument(f"--{name}", type=int, help=f"{whole}, or {quick} with --quick")
    options = parser.parse_args()
    for name, (whole, quick) in sizes.items():
        if getattr(options, name) is None:
            setattr(options, name, quick if options.quick else whole)
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores", flush=True)
    yield options
    print(f"load {os.getloadavg()[0]:.1f}", flush=True)
