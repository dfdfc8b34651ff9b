"""`python -m player --folder FOLDER`: play every exercise of which a file lies in the folder.

`python -m player --stepped` plays one, told by the first line on standard input (the JSON of such a
file), a turn a line after that, and says after each what it did and when its next answer is due.
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from player.door import Away, Door, Over
from player.play import Player
from player.script import Script

log = logging.getLogger("player")

LOOK_S = 1.0
EXERCISES_MAX = 8
AWAY_S = 3.0


def made(told: dict[str, Any]) -> Player:
    """The player of one exercise, as its file says."""
    low, high = told["delay_s"]
    script = Script(int(told["seed"]), float(told["silent"]), (float(low), float(high)))
    return Player(Door(str(told["url"]), str(told["token"])), script)


def stepped() -> int:
    """A turn a line; ends with its input, or with the exercise."""
    own = made(json.loads(sys.stdin.readline()))
    for _line in sys.stdin:
        try:
            turn = own.turn()
        except (Over, Away) as error:
            print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
            return 1
        said = {"taken": turn.taken, "answered": turn.answered,
                "next": turn.next_at.isoformat() if turn.next_at else None}  # fmt: skip
        print(json.dumps(said), flush=True)
    return 0


def watch(folder: Path, stop: threading.Event) -> None:
    """Play what lies in the folder; a file that went ends its exercise."""
    running: dict[str, Player] = {}
    over: set[str] = set()
    while not stop.is_set():
        names = {path.name for path in sorted(folder.glob("*.json"))[:EXERCISES_MAX]}
        running = {name: own for name, own in running.items() if name in names}
        over &= names
        for name in sorted(names - set(running) - over):
            try:
                running[name] = made(json.loads((folder / name).read_text()))
                log.info("plays %s", name)
            except (OSError, ValueError, KeyError, TypeError) as error:
                log.warning("%s cannot be read: %s", name, error)
                over.add(name)
        pause_s = LOOK_S
        for name, own in list(running.items()):
            try:
                own.turn()
            except Over:
                log.info("%s has ended", name)
                over.add(name)
                del running[name]
            except Away as error:
                log.warning("%s waits: %s", name, error)
                pause_s = AWAY_S
        stop.wait(pause_s)


def main() -> None:
    parser = argparse.ArgumentParser(prog="player", description="The player of a 推演")
    parser.add_argument("--folder", type=Path, help="where the files of exercises lie")
    parser.add_argument("--stepped", action="store_true", help="one exercise, a turn a line")
    options = parser.parse_args()
    if options.stepped:
        sys.exit(stepped())
    if options.folder is None:
        parser.error("--folder or --stepped")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_unused: stop.set())
    watch(options.folder, stop)


if __name__ == "__main__":
    main()
