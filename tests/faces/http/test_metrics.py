"""`/metrics` is what a scraper takes, for whoever may, and a request's line is one JSON object."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from anlan.faces.http import metrics
from anlan.ground import logs
from anlan.ground.rounds import Round, _observed

# The grammar of the text format, written from its description.
SAMPLE = re.compile(r'([a-z_]+)(\{(?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)*\})? (-?[0-9.e+-]+)')


def read(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    typed: set[str] = set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            typed.add(line.split()[2])
        elif not line.startswith("#"):
            match = SAMPLE.fullmatch(line)
            assert match is not None, line
            assert match[1] in typed and match[1] + (match[2] or "") not in found, line
            found[match[1] + (match[2] or "")] = float(match[3])
    return found


def test_it_tells_rounds_queues_and_the_machine(
    night: dict[str, Any], owner_sql: Callable[..., Any]
) -> None:
    _observed(Round("inbox", 1, lambda _scope: 3))
    owner_sql("UPDATE callout_inbound SET state = 'new'")
    waiting = owner_sql("SELECT count(*) FROM callout_inbound WHERE world = 0")[0][0]
    answer = Client().get("/metrics")
    assert answer.status_code == 200 and answer["Content-Type"].startswith(
        "text/plain; version=0.0.4"
    )
    found = read(answer.content.decode())
    assert found["anlan_database_up"] == 1 and found["anlan_database_bytes"] > 1e6
    assert found['anlan_queue_length{queue="inbox"}'] == waiting > 0
    assert found['anlan_round_runs_total{round="inbox"}'] == 1
    assert found['anlan_round_age_seconds{round="inbox"}'] < 600
    assert found['anlan_round_failing{round="inbox"}'] == 0
    assert found['anlan_disk_bytes{state="free"}'] > 0 and found["anlan_spooled_lines"] == 0


def test_a_round_that_fails_and_an_answer_are_counted(county_db: str) -> None:
    def fails(_scope: object) -> int:
        raise ValueError("broken")

    _observed(Round("bad", 1, fails))
    name = 'anlan_requests_total{method="GET",route="health",status="200"}'
    client = Client()
    before = read(client.get("/metrics").content.decode())
    client.get("/health")
    client.get("/nowhere/13987654321")
    found = read(client.get("/metrics").content.decode())
    assert found[name] == before.get(name, 0) + 1
    assert found['anlan_round_failing{round="bad"}'] == 1
    assert 'anlan_requests_total{method="GET",route="unknown",status="302"}' in found
    assert not [key for key in found if "13987654321" in key], "an address never becomes a label"


@pytest.mark.parametrize("seen", [
    {"REMOTE_ADDR": "192.0.2.7"}, {"HTTP_X_FORWARDED_FOR": "192.0.2.7"}, {"HTTP_FORWARDED": "for=x"},
    {"HTTP_VIA": "1.1 proxy"}, {"REMOTE_ADDR": ""}, {"REMOTE_ADDR": "192.0.2.7", "HTTP_AUTHORIZATION": "Bearer "},
])  # fmt: skip
def test_from_elsewhere_it_is_refused_without_the_token(
    county_db: str, seen: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for token in ("", "short", "a token that is long enough"):
        monkeypatch.setenv("ANLAN_METRICS_TOKEN", token)
        answer = Client().get("/metrics", **seen)  # type: ignore[arg-type]
        assert answer.status_code == 403 and b"anlan_" not in answer.content


def test_with_the_token_it_is_read_from_anywhere_and_a_short_one_opens_nothing(
    county_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for token, status in (("a token that is long enough", 200), ("short", 403)):
        monkeypatch.setenv("ANLAN_METRICS_TOKEN", token)
        answer = Client().get(
            "/metrics", REMOTE_ADDR="192.0.2.7", HTTP_AUTHORIZATION=f"Bearer {token}"
        )
        assert answer.status_code == status


def test_without_the_database_it_says_so_and_still_tells_the_machine(
    county_db: str, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    class Away:
        def __enter__(self) -> None:
            raise OperationalError("away")

        def __exit__(self, *_what: object) -> None: ...

    monkeypatch.setattr(metrics.Scope, "open", lambda _self: Away())
    answer = Client().get("/metrics")
    found = read(answer.content.decode())
    assert answer.status_code == 200 and found["anlan_database_up"] == 0
    assert 'anlan_disk_bytes{state="free"}' in found


def test_the_counts_of_several_processes_are_added_up(county_db: str) -> None:
    from anlan.faces.http import counting

    name = 'anlan_requests_total{method="GET",route="health",status="200"}'
    client = Client()
    client.get("/health")
    before = read(client.get("/metrics").content.decode())[name]
    other, broken = counting.folder() / "999999999.json", counting.folder() / "999999998.json"
    try:
        other.write_text('[["GET", "health", 200, 5, 0.5]]')
        broken.write_text("{half")
        assert read(client.get("/metrics").content.decode())[name] == before + 5
    finally:
        other.unlink()
        broken.unlink()


def test_labels_are_escaped() -> None:
    text = metrics.written([("anlan_round_failing", {"round": 'a"b\\c\nd'}, 1.0)])
    assert text.splitlines()[-1] == 'anlan_round_failing{round="a\\"b\\\\c\\nd"} 1'


# lines


def heard(monkeypatch: pytest.MonkeyPatch, run: Callable[[], object]) -> list[dict[str, Any]]:
    monkeypatch.setenv("ANLAN_LOG", "json")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.chosen("%(message)s"))
    web = logging.getLogger("anlan")
    web.addHandler(handler)
    before = web.level
    web.setLevel(logging.INFO)
    try:
        run()
    finally:
        web.removeHandler(handler)
        web.setLevel(before)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_request_has_one_line_with_its_id_its_route_and_no_token(
    county_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[Any] = []
    lines = heard(monkeypatch, lambda: answers.append(
        Client().get("/first/duty/SecretTokenOfALink0123456789abcdef")))  # fmt: skip
    own = [line for line in lines if line["logger"] == "anlan.web"]
    assert len(own) == 1 and own[0]["request"] == answers[0]["X-Request-ID"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", own[0]["at"])
    assert own[0]["level"] == "INFO" and re.match(r"GET first/\S+ \d{3} \d+ ms", own[0]["message"])
    assert "SecretToken" not in json.dumps(lines)
    assert logs.request_id.get() == "", "the id ends with its request"


def test_a_forged_line_and_a_traceback_stay_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        try:
            raise ValueError("two\nlines \u202e and \x1b[31m")
        except ValueError:
            logging.getLogger("anlan.x").exception('a "quoted"\r\n2026-01-01 ERROR forged')

    lines = heard(monkeypatch, fail)
    assert len(lines) == 1 and "forged" in lines[0]["message"] and "\n" not in lines[0]["message"]
    assert "\u202e" not in lines[0]["error"] and "\x1b" not in lines[0]["error"]
    assert "ValueError" in lines[0]["error"] and "request" not in lines[0]


def test_lines_for_people_stay_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANLAN_LOG", raising=False)
    assert type(logs.chosen("%(message)s")) is logs.UtcFormatter
