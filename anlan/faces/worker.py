"""The worker: the one visible list of rounds, in the order in which data flows."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading

os.environ.setdefault("ANLAN_ROLE", "worker")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "anlan.faces.settings")

log = logging.getLogger("anlan.worker")
WARM_AFTER_S = 180.0


# What is told on the live wire makes these rounds due at once; they run at their own pace as well.
WAKES = {
    "callout": ("callout.advance", "evacuation.open", "evacuation.close"),
    "call": ("callout.advance", "callout.send", "evacuation.links"),
    "desk": ("inbox",),
}


def rounds(gateway: object) -> list[object]:
    """Every round of a county. Lanes run side by side; within a lane, one after another."""
    from anlan.county import account_rounds as accounts
    from anlan.county import second_factors
    from anlan.county.workbook import actions as workbook
    from anlan.engines.callout import rounds as callout
    from anlan.engines.cases import rounds as cases
    from anlan.engines.indicators import kept
    from anlan.engines.indicators import rounds as indicators
    from anlan.faces.link import rounds as link
    from anlan.faces.references import REFERENCES
    from anlan.faces.retention import RULES as RETENTION
    from anlan.ground import journal, references, repeats, retention, spool, upkeep
    from anlan.ground.clockwatch import ClockLook
    from anlan.ground.machine import site
    from anlan.ground.rounds import Round
    from anlan.ground.scope import Scope
    from anlan.rooms.duty import rounds as duty
    from anlan.rooms.evacuation import rounds as evacuation
    from anlan.rooms.oversight import rounds as oversight
    from anlan.rooms.review import rounds as review
    from anlan.rooms.warning.rounds import Poller
    from anlan.rooms.workplan import board_states

    def inbox(scope: Scope) -> int:
        """Messages: answers first, then headcounts; what neither understood goes to the desk."""
        newest = callout.newest(scope)
        handled = callout.read(scope) + evacuation.read_messages(scope)
        return handled + callout.leave_rest(scope, newest)

    def centre(scope: Scope) -> int:
        """Whether the SMS centre still answers; a round that fails is told by the watchdog."""
        return gateway.look(scope)  # type: ignore[attr-defined,no-any-return]

    def reseal(scope: Scope) -> int:
        """Sealed fields and seeds of second factors, under the newest key."""
        return upkeep.reseal(scope, (second_factors.reseal,))

    def purge(scope: Scope) -> int:
        """Personal fields whose days are over, and photographs that nothing names any more."""
        return retention.purge(scope, RETENTION)

    def anchor(scope: Scope) -> int:
        journal.anchor(scope, site().anchors)
        return 0

    to_player = review.hand_to_player(site().home / "player", site().address("public", ""))
    return [
        Round("exercise.yield", 0.5, review.give_way, lane="worlds", each_world=False),
        Round("exercise.inject", 0.5, review.give_injects, lane="worlds"),
        Round("exercise.player", 1.0, to_player, lane="worlds", each_world=False),
        Round("exercise.record", 1.0, review.record, lane="worlds", each_world=False),
        Round("callout.advance", 0.5, callout.advance, lane="calls"),
        Round("callout.expire", 10, callout.expire, lane="calls"),
        Round("callout.send", 0.2, callout.sender(gateway), lane="send"),  # type: ignore[arg-type]
        Round("callout.gateway", 5, centre, lane="gateway", each_world=False),
        Round("inbox", 0.3, inbox, lane="read"),
        Round("warning.poll", 2, Poller(), lane="feeds", each_world=False),
        Round("evacuation.open", 1.0, evacuation.open_by_callout, lane="rooms"),
        Round("evacuation.links", 1.0, evacuation.send_links, lane="rooms"),
        Round("evacuation.close", 2.0, evacuation.close_by_all_clear, lane="rooms"),
        Round("duty.web", 2.0, duty.take_web_reports, lane="rooms"),
        Round("duty.late", 5.0, duty.tell_late, lane="rooms"),
        Round("link.compose", 10, link.compose, lane="link"),
        Round("link.send", 2, link.Carrier(), lane="link"),
        Round("link.collect", 5, link.collect, lane="link", each_world=False),
        Round("link.watch", 10, link.watch, lane="link", each_world=False),
        Round("cases.door", 2.0, cases.take_door, lane="rooms"),
        Round("cases.round", 600, cases.come_round, lane="rooms"),
        Round("cases.fall", 10, cases.fall_due, lane="rooms"),
        Round("cases.press", 30, cases.press, lane="rooms"),
        Round("callout.close", 60, callout.close, lane="rooms"),
        Round("county.forget", 20, workbook.forget, lane="rooms", each_world=False),
        Round("account.rest", 3600, accounts.rest_unused, lane="journal", each_world=False),
        Round("account.forget", 600, accounts.forget_old, lane="journal", each_world=False),
        Round("indicators.recompute", 5, kept.recompute, lane="slow", each_world=False),
        Round("indicators.freeze", 600, indicators.freeze, lane="slow", each_world=False),
        Round("indicators.correct", 5, indicators.correct, lane="slow", each_world=False),
        Round("indicators.sweep", 3600, indicators.sweep, lane="slow", each_world=False),
        Round("plan.board", 20, board_states.keep, lane="slow"),
        Round("oversight.press", 300, oversight.press, lane="slow", each_world=False),
        Round("references.dangling", 3600, references.round_of(REFERENCES), lane="slow"),
        Round("requests.forget", 3600, repeats.forget, lane="slow"),
        Round("journal.merge", 5, spool.merge, lane="journal", each_world=False),
        Round("journal.seal", 0.5, journal.seal, lane="journal", each_world=False),
        Round("journal.anchor", 300, anchor, lane="journal", each_world=False),
        Round("retention.purge", 3600, purge, lane="slow", each_world=False),
        Round("keys.reseal", 20, reseal, lane="slow", each_world=False),
        Round("backup.daily", 60, upkeep.daily, lane="backup", each_world=False),
        Round("clock.look", 10, ClockLook(), lane="journal", each_world=False),
    ]


def _receive(key: str, number: str, text: str) -> None:
    """A message from outside: stored here, in its own transaction, before it is acknowledged."""
    from django.db import InterfaceError, OperationalError, connections

    from anlan.engines.callout.actions import receive_message
    from anlan.engines.callout.routing import world_of
    from anlan.ground.scope import Scope

    try:
        scope = Scope.for_gateway("smpp", world_of(number, text))
        receive_message(scope, "smpp", key, number, text)
    except (OperationalError, InterfaceError):
        connections.close_all()
        raise


def _write_contacts() -> None:
    """Who answers which telephone, for the box beside a demonstration county; owner-only."""
    import json

    from anlan.county import demo
    from anlan.ground.machine import site
    from anlan.ground.machine.processes import CONTACTS
    from anlan.ground.scope import Scope

    path = site().home / CONTACTS
    path.touch(mode=0o600)
    rows = demo.contacts(Scope.for_round("phonebox"))
    path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")


class _Kernels:
    """Compiles the hazard models in a child of the lowest priority, once the county has settled.

    Not at once: the first minutes belong to the start and to whoever looks at it. The child is
    none of the county's processes and ends by itself.
    """

    def __init__(self) -> None:
        self.child: subprocess.Popen[bytes] | None = None
        self.timer = threading.Timer(WARM_AFTER_S, self._start)
        self.timer.daemon = True
        self.timer.start()

    def _start(self) -> None:
        own = {name: value for name, value in os.environ.items() if not name.startswith("ANLAN_")}
        command = [sys.executable, "-m", "anlan.science.warm"]
        self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=own)

    def end(self) -> None:
        self.timer.cancel()
        if self.child is not None:
            self.child.terminate()
            self.child.wait()


def main() -> None:
    import django

    django.setup()
    from anlan.engines.callout.gateway import Centre, SmppGateway
    from anlan.ground.machine import site
    from anlan.ground.rounds import run_forever

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_unused: stop.set())
    gateway = SmppGateway(Centre.from_environment(), _receive, demo=site().demo).start()
    log.info("worker %s runs", os.getpid())
    kernels = _Kernels()
    if site().demo:
        _write_contacts()
    run_forever(rounds(gateway), stop, WAKES)  # type: ignore[arg-type]
    gateway.stop()
    kernels.end()
    sys.exit(0)


if __name__ == "__main__":
    main()
