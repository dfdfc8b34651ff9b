"""Two counties on one machine: an empty real one beside the demonstration, `use` switches."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from anlan.ground.machine import ports, site
from anlan.ground.machine.postgres import Cluster
from anlan.ground.machine.site import BOX, MARK_HEADER, write_facts
from tests.faults.real_county import CODE, RealCounty, heard, real_county

OTHER = "500233"
ROUNDS, ASKED = 2, 5
ROW = "500233000000,忠县,县,30.3,108.0,,\n"


@pytest.fixture(scope="module")
def both() -> Iterator[RealCounty]:
    with real_county() as own:
        own.up()
        yield own


@contextmanager
def somebody_holds(wanted: list[int]) -> Iterator[None]:
    """The ports belong to a demonstration county, of this test or of another on this machine."""
    ours = [held for port in wanted for held in ports.hold([port]) or []]
    assert all(ports.held(port) for port in wanted)
    try:
        yield
    finally:
        ports.release(ours)


def opens(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=20) as page:
            return int(page.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_a_real_county_is_made_beside_a_running_one_and_use_switches(
    both: RealCounty, tmp_path: Path
) -> None:
    divisions = tmp_path / "区划.csv"
    divisions.write_text("code,name,kind,lat,lon,population,source\n" + ROW, encoding="utf-8")
    made = both.run("county", "new", OTHER, "忠县", "--divisions", str(divisions))
    assert made.code == 0, (made.answer, made.err)
    assert made.answer["current"] is False and set(made.answer["links"]) == {"setup"}
    home = both.root / "counties" / OTHER
    assert not site(home).demo and not Cluster(home / "postgres").running()
    first, second = (
        home_.joinpath("keys", "fields.json").read_text() for home_ in (both.home, home)
    )
    assert first != second, "keys of its own"
    # A real county has no telephone box: its SMS centre is the site's, and not a port of its own.
    theirs = set(site(home).listening)
    assert theirs and not {port for port in both.site.ports.values() if port} & theirs

    listed = both.run("county", "list").answer["counties"]
    assert [(c["code"], c["current"], c["running"]) for c in listed] == [
        (CODE, True, True), (OTHER, False, False)]  # fmt: skip
    said = both.run("county", "use", OTHER)
    assert said.code == 3 and said.error["code"] == "running" and "make down" in said.error["mend"]
    both.down()
    assert both.run("county", "use", OTHER).answer == {"current": OTHER}

    with somebody_holds([site(home).ports[name] for name in BOX]):
        answer = both.up()
    assert answer["county"] == OTHER and answer["demo"] is False and "phonebox" not in answer
    again = both.run("user", "link", "setup").answer["link"]
    assert again != made.answer["links"]["setup"]
    assert opens(again) == 200, "a link that ran out is asked for again"
    assert both.run("user", "list").answer == {"accounts": []}
    assert both.run("plan", "status").answer["rows"] == [], "an empty county has no plan"
    names = {c["code"]: c["running"] for c in both.run("county", "list").answer["counties"]}
    assert names == {CODE: False, OTHER: True}
    both.down()
    both.run("county", "use", CODE)
    assert both.up()["county"] == CODE
    assert both.run("plan", "status").answer["rows"], "what the first one had is there"


def test_what_is_wrong_with_a_new_county_is_said_and_nothing_is_left(
    both: RealCounty, tmp_path: Path
) -> None:
    bad = tmp_path / "坏.csv"
    bad.write_text("code,name,kind\n12,x,县\n", encoding="utf-8")
    for words, code in (
        (("50023", "甲县"), "county-code"),
        ((OTHER.replace("3", "9"), " "), "county-name"),
        ((CODE, "垫江县"), "county-exists"),
        (("500299", "丙县", "--divisions", str(tmp_path / "no.csv")), "file-missing"),
    ):
        said = both.run("county", "new", *words)
        assert said.code == 2 and said.error["code"] == code and said.error["mend"]
    assert both.run("county", "use", "500299").error["code"] == "county-unknown"
    assert both.run("county", "use", "../500231").error["code"] == "county-unknown"
    assert not (both.root / "counties" / "500299").exists()
    said = both.run("county", "new", "500298", "丁县", "--divisions", str(bad))
    assert said.code == 2 and "坏.csv 区划 第 2 行" in said.error["place"]
    bad.write_text("code,name,kind,lat,lon,population,source\n500298000000,丁县,县,30,108,,\n")
    assert both.run("county", "new", "500298", "丁县", "--divisions", str(bad)).code == 0


def test_two_counties_that_start_at_the_same_moment_share_no_port(both: RealCounty) -> None:
    """Each asks for the same ports, chooses before the other listens, and answers for itself."""
    both.down()
    both.run("county", "use", CODE)
    with real_county() as other:
        other.up()
        other.down()
        ours = json.loads((both.home / "county.json").read_text())
        for _round in range(ROUNDS):
            facts = json.loads((other.home / "county.json").read_text())
            write_facts(other.home, facts | {"ports": ours.get("ports", {})})
            write_facts(both.home, ours)
            said = [heard(starting) for starting in [c.start("up") for c in (both, other)]]
            assert [s.code for s in said] == [0, 0], [s.answer or s.err for s in said]
            held = [set(c.site.listening) for c in (both, other)]
            assert not held[0] & held[1]
            for county in (both, other):
                for part in ("console", "live", "public"):
                    marks = {mark_of(county.site.address(part, "/health")) for _n in range(ASKED)}
                    assert marks == {county.site.mark}, part
            assert both.down().code == other.down().code == 0


def mark_of(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as page:
        return str(page.headers[MARK_HEADER])
