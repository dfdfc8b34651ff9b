"""A running county backed up, and made again on another machine (R20, R66): all of it, or nothing.

The other machine is another folder with its own keys, database and ports. Everything goes through
the command line, as an administrator would type it.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from anlan.ground.machine import manifest
from anlan.ground.machine.own_server_file import OWN_SERVER
from anlan.ground.machine.processes import environment
from tests.faults import nights
from tests.faults.real_county import RealCounty, real_county, until
from tests.faults.test_start_own_server import Server

WORD = "river boat lantern seven"
SEED = 71124
PAGES = 20
# Signs in as the duty officer and prints each page without what differs from one look to the next.
LOOK = """
import json, re, sys, django; django.setup()
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from anlan.county import accounts
from anlan.county.models import Account, Post
from anlan.ground.scope import Scope
with Scope.for_command("t").open():
    post = Post.objects.filter(kind="duty_officer").order_by("id").first()
    account = Account.objects.get(post_id=post.id)
session = SessionStore()
session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(account.pk), settings.AUTHENTICATION_BACKENDS[-1]
session[HASH_SESSION_KEY] = account.get_session_auth_hash()
session["sitting"] = accounts.record_sign_in(Scope.nobody(), account.pk, accounts.Seat("127.0.0.1", "t", "demo"))
session.save()
client = Client(HTTP_HOST="localhost")
client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
found = {}
for path in json.loads(sys.argv[1]):
    answer = client.get(path)
    text = answer.content.decode()
    text = re.sub(r'(name="(?:csrfmiddlewaretoken|request_key)" value=)"[^"]*"', r"\\1", text)
    text = re.sub(r"http://(localhost|127\\.0\\.0\\.1):\\d+", "", text)
    text = re.sub(r'data-token="[^"]*"|data-live="[^"]*"|data-now="[^"]*"', "", text)
    text = re.sub(r"\\d+ ?(秒|分钟|小时)前|刚刚", "AGO", text)
    found[path] = [answer.status_code, text]
print(json.dumps(found, ensure_ascii=False))
"""


@pytest.fixture(scope="module")
def county() -> Iterator[RealCounty]:
    with real_county() as own:
        own.up()
        nights.begin(own)
        yield own


@pytest.fixture
def other(tmp_path: Path) -> Iterator[RealCounty]:
    """Another machine: another root, with room for one county."""
    with real_county("anlan 另一台 ") as own:
        yield own


def with_escrow(county: RealCounty, tmp_path: Path) -> Path:
    word = tmp_path / "word"
    word.write_text(WORD + "\n")
    if not (county.home / "keys" / "escrow.json").exists():
        said = county.run("keys", "escrow", "--passphrase-file", str(word))
        assert said.code == 0, said.answer
    return word


def looked_at(county: RealCounty, paths: list[str]) -> dict[str, list[object]]:
    own = environment(county.site, "console")
    own.pop("ANLAN_TEST", None)
    done = subprocess.run([sys.executable, "-c", LOOK, json.dumps(paths)], capture_output=True,
                          text=True, env=own, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout))


def sampled(county: RealCounty) -> list[str]:
    """Rows of the plan, rule values and people: what stands still while a county runs."""
    rows = county.run("plan", "status").answer["rows"]
    every = [f"/plan/{row['table']}/{row['row']}/" for row in rows]
    every += ["/phonebook/?q=澄溪", "/phonebook/?q=沙坪", "/policy/", "/policy/calendar/"]
    return sorted(random.Random(SEED).sample(sorted(every), PAGES))


def counts_of(county: RealCounty, tables: list[str]) -> dict[str, int]:
    return {t: int(county.ask(f"SELECT count(*) FROM {t}")[0][0]) for t in tables}


def test_a_county_is_backed_up_while_it_calls_and_comes_back_whole_elsewhere(
    county: RealCounty, other: RealCounty, tmp_path: Path
) -> None:
    word = with_escrow(county, tmp_path)
    assert county.run("keys", "rotate", "--passphrase-file", str(word)).answer["escrow"] == "whole"
    paths = sampled(county)
    pages = looked_at(county, paths)
    assert [p for p, (status, _text) in pages.items() if status != 200] == []
    folder = tmp_path / "b"
    said = county.run("backup", str(folder))
    assert said.code == 0, (said.answer, said.err)
    assert said.answer["escrow"] == "passphrase" and said.answer["rows"] > 4000
    assert county.run("backup", str(folder)).error["code"] == "backup-there"

    bare = other.run("restore", str(folder))
    assert (
        bare.code == 2
        and bare.error["code"] == "keys-needed"
        and "--passphrase-file" in bare.error["mend"]
    )
    word.write_text("another word altogether\n")
    wrong = other.run("restore", str(folder), "--passphrase-file", str(word))
    assert wrong.code == 2 and wrong.error["code"] == "escrow-closed"
    assert not (other.root / "counties").exists(), "nothing was written before the key was there"
    word.write_text(WORD + "\n")
    looked = other.run("restore", str(folder), "--passphrase-file", str(word), "--check")
    assert looked.code == 0 and looked.answer["restored"] is False
    assert not (other.root / "counties").exists()

    said = other.run("restore", str(folder), "--passphrase-file", str(word))
    assert said.code == 0, (said.answer, said.err)
    assert said.answer["opened"] > 1000 and said.answer["rows"] > 4000
    again = other.run("restore", str(folder), "--passphrase-file", str(word))
    assert again.code == 2 and again.error["code"] == "county-exists"

    other.move_ports()
    other.up()
    verified = other.run("journal", "verify")
    assert verified.code == 0 and verified.answer["whole"], verified.answer
    made = manifest.read(folder)
    still = ["county_person", "county_post", "county_division", "workplan_planrow", "evacuation_zone",
             "callout_call", "warning_warning"]  # fmt: skip
    still = [table for table in still if table in made.counts]
    assert len(still) >= 5 and counts_of(other, still) == {t: made.counts[t] for t in still}
    there = looked_at(other, paths)
    assert [p for p, (status, _text) in there.items() if status != 200] == []
    status = other.run("status").answer["backup"]
    assert status["age_s"] is None and status["daily"] is None


def test_a_restore_that_was_killed_is_begun_anew_and_never_started_half(
    county: RealCounty, other: RealCounty, tmp_path: Path
) -> None:
    word, folder = with_escrow(county, tmp_path), tmp_path / "b"
    assert county.run("backup", str(folder)).code == 0
    running = other.start("restore", str(folder), "--passphrase-file", str(word))
    until(
        lambda: (other.home / "restoring").exists() and (other.home / "postgres" / "whole").exists()
    )
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    said = other.run("up")
    assert said.code == 2 and said.error["code"] == "restore-unfinished" and said.error["mend"]
    assert not (other.home / "ready").exists()
    said = other.run("restore", str(folder), "--passphrase-file", str(word))
    assert said.code == 0, (said.answer, said.err)
    assert (other.home / "ready").exists() and not (other.home / "restoring").exists()


@pytest.mark.drill
def test_a_site_with_its_own_server_is_told_what_to_give_and_moves_in_from_ours(
    county: RealCounty, other: RealCounty, tmp_path: Path
) -> None:
    """From our own server to a site's, then a backup of that by an account that may see all."""
    word, folder = with_escrow(county, tmp_path), tmp_path / "b"
    assert county.run("backup", str(folder)).code == 0
    place = tmp_path / "site"
    place.mkdir(mode=0o755)
    for parent in (tmp_path, *list(tmp_path.parents)[:2]):
        parent.chmod(0o755)
    server = Server(place)
    try:
        url = server.account("moves", "CREATEROLE", "moves")
        said = other.run("restore", str(folder), "--passphrase-file", str(word), DATABASE_URL=url)
        assert said.code == 0, (said.answer, said.err)
        assert (other.home / OWN_SERVER).exists() and not (
            other.home / "postgres" / "data"
        ).exists()
        other.move_ports()
        other.up()
        assert other.run("journal", "verify").answer["whole"]
        refused = other.run("backup", str(tmp_path / "c"))
        assert refused.error["code"] == "backup-right" and "BYPASSRLS" in refused.error["mend"]
        server.ask("CREATE ROLE anlan_backup LOGIN BYPASSRLS PASSWORD 'a plain word'")
        server.ask("GRANT pg_read_all_data TO anlan_backup")
        said = other.run(
            "backup", str(tmp_path / "c"), DATABASE_URL=server.url("anlan_backup", "moves")
        )
        assert said.code == 0 and said.answer["rows"] > 4000, (said.answer, said.err)
        assert (
            other.run(
                "restore", str(tmp_path / "c"), "--check", "--passphrase-file", str(word)
            ).code
            == 0
        )
    finally:
        other.down()
        server.cluster.stop()
        shutil.rmtree(place, ignore_errors=True)


def test_a_daily_backup_is_made_by_the_county_itself(county: RealCounty, tmp_path: Path) -> None:
    with_escrow(county, tmp_path)
    daily = tmp_path / "daily"
    said = county.run("backup", str(daily), "--daily")
    assert said.code == 0 and said.answer["daily"] is True
    first = sorted(daily.glob("*/manifest.json"))
    assert len(first) == 1
    assert county.run("status").answer["backup"]["daily"] == str(daily)
    assert county.run("doctor").answer["checks"]
    shutil.rmtree(first[0].parent)
    began = time.monotonic()
    until(lambda: len(list(daily.glob("*/manifest.json"))) == 1)
    assert time.monotonic() - began < 150
    assert county.run("backup", "off", "--daily").answer["daily"] is None
