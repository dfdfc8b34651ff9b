"""Ports: one county holds them, whatever options its servers bind with."""

from __future__ import annotations

import socket

import pytest

from anlan.ground.machine import ports


@pytest.fixture
def three() -> list[int]:
    """Ports that the kernel would give now."""
    doors = [socket.create_server((ports.LOOPBACK, 0)) for _n in range(3)]
    numbers = [door.getsockname()[1] for door in doors]
    for door in doors:
        door.close()
    return numbers


def test_a_port_that_somebody_listens_on_is_not_free(three: list[int]) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind((ports.LOOPBACK, three[0]))
        other.listen()
        assert not ports.free(three[0])
    assert ports.free(three[0])


def test_a_held_port_is_not_free_though_nobody_listens_yet(three: list[int]) -> None:
    ours = ports.hold(three)
    assert ours is not None
    assert not any(ports.free(port) for port in three)
    assert ports.hold([three[1]]) is None
    assert ports.next_free(three[2] - ports.STEP, set()) != three[2]
    ports.release(ours)
    assert all(ports.free(port) for port in three)


def test_who_gets_not_all_holds_none(three: list[int]) -> None:
    last = ports.hold([max(three)])
    assert last is not None and ports.hold(three) is None
    assert [ports.held(port) for port in sorted(three)] == [False, False, True]
    ports.release(last)
