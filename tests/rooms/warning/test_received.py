"""CAP messages come in: what is doubtful waits, what is wrong goes no further, nothing goes out (R33)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.engines.callout.models import Callout
from anlan.ground.errors import Conflict, Denied, Refusal
from anlan.ground.scope import Scope
from anlan.rooms.warning import actions, intake_actions, queries, source_actions
from anlan.rooms.warning.cap import judging
from anlan.rooms.warning.cap.judging import Fate, Known, judge
from anlan.rooms.warning.cap.message import read_message
from anlan.rooms.warning.cap.rules import check
from anlan.rooms.warning.intake_actions import Parcel
from anlan.rooms.warning.models import Received, Source, Warning
from tests.conftest import COUNTY, TOWNSHIPS
from tests.rooms.warning.cap.messages import alert

ROUND, COMMAND, DOOR = Scope.for_round("test"), Scope.for_command("test"), Scope.for_gateway("cap")
SENDER = "50023141600000"
VALUES: dict[str, Any] = {"name": "县气象台", "way": "push", "url": "", "hosts": [], "networks": "",
                          "senders": [SENDER], "certificate": "", "every_s": 60}  # fmt: skip
NOW = datetime(2024, 7, 10, 14, 20, tzinfo=UTC)


def send(source: Source, content: bytes, way: str = "push") -> Received:
    return intake_actions.receive(DOOR, source.id, Parcel(content, way))


def codes(row: Received) -> set[str]:
    return {reason["code"] for reason in row.reasons}


def drafts() -> list[Warning]:
    with ROUND.open():
        return list(Warning.objects.select_related("follows").order_by("id"))


def doubts(row: Warning) -> set[str]:
    return {doubt["code"] for doubt in row.doubts}


def test_a_good_alert_becomes_a_draft_and_nothing_else(source: Source) -> None:
    row = send(source, alert())
    assert (row.state, row.reasons) == ("drafted", [])
    [made] = drafts()
    assert (made.kind, made.grade, made.divisions) == ("rainstorm", "orange", [TOWNSHIPS[0]])
    assert (made.state, made.act, made.signal_issuer) == ("draft", "issue", "垫江县气象台")
    assert made.doubts == [] and made.received_id == row.id
    with ROUND.open():
        assert Callout.objects.count() == 0


REFUSED = [
    (alert(sender="somebody.else"), {"sender-unknown"}),
    (alert(status="Test"), {"status"}),
    (alert(status="Exercise"), {"status"}),
    (alert(status="Draft"), {"status"}),
    (alert(status="System"), {"status"}),
    (alert(expires="2024-07-10T22:19:00+08:00"), {"expired"}),
    (alert(area="<areaDesc>x</areaDesc><polygon>30.2,107.3 30.3,107.3 30.3,107.4</polygon>"), {"cap-rule"}),
    (alert(area="<areaDesc>x</areaDesc><polygon>30.2,107.3 30.3,107.3 30.3,107.4 30.2,107.4</polygon>"),
     {"cap-rule"}),
    (alert(area="<areaDesc>x</areaDesc><polygon>107.3,30.2 107.3,30.3 107.4,30.3 107.3,30.2</polygon>"),
     {"cap-rule"}),
    (alert(area="<areaDesc>x</areaDesc><polygon>" + "30.2,107.3 " * 10_001 + "</polygon>"), {"cap-rule"}),
    (alert(kind="Ack", references=f"{SENDER},x,2024-07-10T22:00:00+08:00"), {"kind"}),
    (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', {"xml-dtd"}),
    (b"<a>" * 100 + b"</a>" * 100, {"xml-deep"}),
    ("暴雨橙色预警".encode(), {"xml-broken"}),
    (b"<rss/>", {"cap-rule", "sender-unknown"}),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_is_wrong_never_becomes_a_draft(source: Source, number: int) -> None:
    content, expected = REFUSED[number]
    row = send(source, content)
    assert row.state == "refused" and codes(row) >= expected
    assert drafts() == []
    with pytest.raises(Refusal):
        intake_actions.take_up(COMMAND, row.id, row.version)
    with ROUND.open():
        assert Received.objects.get().reasons[0]["mend"] is not None


HELD = [
    (
        alert(kind="Cancel", references=f"{SENDER},x,2024-07-10T22:00:00+08:00"),
        {"reference-unknown"},
    ),
    (
        alert(kind="Update", references=f"{SENDER},x,2024-07-10T22:00:00+08:00"),
        {"reference-unknown"},
    ),
    (alert(sent="2024-07-10T22:40:00+08:00"), {"sent-ahead"}),
    (alert(sent="2024-07-09T22:10:00+08:00"), {"sent-old"}),
    (alert(severity="Orange"), {"cap-rule"}),
]


@pytest.mark.parametrize("number", range(len(HELD)))
def test_what_is_doubtful_waits_for_a_person(
    source: Source, number: int, scope_of: Callable[..., Any]
) -> None:
    content, expected = HELD[number]
    row = send(source, content)
    assert row.state == "held" and codes(row) >= expected and drafts() == []
    officer = scope_of("duty_officer")
    assert queries.held_count(officer) == 1
    made = intake_actions.take_up(officer, row.id, row.version)
    assert made.state == "draft" and queries.received_one(officer, row.id).row.state == "drafted"
    with pytest.raises(Refusal):
        intake_actions.take_up(officer, row.id, row.version)


def test_a_person_sets_a_held_message_aside_with_a_reason(
    source: Source, scope_of: Callable[..., Any]
) -> None:
    row = send(source, HELD[0][0])
    officer = scope_of("duty_officer")
    with pytest.raises(Refusal):
        intake_actions.set_aside(officer, row.id, row.version, " ")
    with pytest.raises(Denied):
        intake_actions.set_aside(scope_of("township_duty", TOWNSHIPS[0]), row.id, row.version, "x")
    done = intake_actions.set_aside(officer, row.id, row.version, "误发，已电话核实")
    assert done.state == "set_aside" and drafts() == []


def test_the_same_bytes_again_change_nothing(source: Source) -> None:
    first = send(source, alert())
    assert send(source, alert()).id == first.id
    assert len(drafts()) == 1


def test_an_identifier_used_again_with_other_words_is_refused(source: Source) -> None:
    send(source, alert())
    again = send(source, alert(severity="Extreme", headline="垫江县气象台发布暴雨红色预警信号"))
    assert again.state == "refused" and codes(again) == {"replayed"}
    assert len(drafts()) == 1


def test_who_may_not_speak_for_a_sender_cannot_take_its_identifier(source: Source) -> None:
    other = source_actions.add_source(COMMAND, VALUES | {"name": "另一来源", "senders": ["other"]})
    forged = send(other, alert(headline="全县红色预警"))
    assert codes(forged) == {"sender-unknown"} and not forged.first
    assert send(source, alert()).state == "drafted"


def test_a_source_cannot_cancel_what_another_sent(source: Source) -> None:
    send(source, alert())
    other = source_actions.add_source(COMMAND, VALUES | {"name": "另一来源", "senders": ["other"]})
    row = send(other, alert("C1", sender="other", kind="Cancel", references=referring()))
    assert row.state == "held" and codes(row) == {"reference-unknown"}


def test_two_at_once_with_one_identifier_are_one(source: Source) -> None:
    from django.db import connections

    states: list[str] = []

    def go(headline: str) -> None:
        try:
            states.append(send(source, alert(headline=headline)).state)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=go, args=(f"暴雨橙色预警信号{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(states) == ["drafted", "refused", "refused", "refused"]
    assert len(drafts()) == 1


def referring(identifier: str = f"{SENDER}_20240710221500_0") -> str:
    return f"{SENDER},{identifier},2024-07-10T22:15:00+08:00"


def release(row: Warning, officer: Scope, leader: Scope) -> Callout:
    codes = [doubt["code"] for doubt in row.doubts]
    row = actions.revise(officer, row.id, row.version, {"settled": codes})
    row = actions.submit(officer, row.id, row.version)
    return actions.approve(leader, row.id, row.version)


def test_update_and_cancel_follow_what_the_alert_became(
    source: Source, scope_of: Callable[..., Any]
) -> None:
    officer, leader = scope_of("duty_officer"), scope_of("duty_leader")
    send(source, alert())
    first = release(drafts()[0], officer, leader)
    up = send(source, alert("U1", kind="Update", severity="Extreme", references=referring(),
                            headline="垫江县气象台将暴雨橙色预警信号升级为红色",
                            description="x"))  # fmt: skip
    assert up.state == "drafted"
    change = drafts()[1]
    assert (change.act, change.follows_id) == ("change", drafts()[0].id)
    assert doubts(change) == {"grade-two"} and change.grade == ""
    change = actions.revise(officer, change.id, change.version,
                            {"grade": "red", "settled": ["grade-two"]})  # fmt: skip
    change = actions.submit(officer, change.id, change.version)
    second = actions.approve(leader, change.id, change.version)
    assert (second.kind, second.follows_id, second.origin_id) == (
        "warning",
        first.id,
        drafts()[0].id,
    )
    assert [row.state for row in drafts()] == ["changed", "released"]
    with ROUND.open():
        assert not first.calls.filter(due_at__isnull=False).exists()
    lift = send(source, alert("C1", kind="Cancel", references=referring("U1")))
    assert lift.state == "drafted"
    all_clear = drafts()[2]
    assert (all_clear.act, all_clear.follows_id, all_clear.grade) == ("lift", change.id, "red")
    with pytest.raises(Refusal) as refusal:
        actions.override(leader, all_clear.id, all_clear.version, "快")
    assert refusal.value.code == "lift-override"
    third = release(all_clear, officer, leader)
    assert (third.kind, third.follows_id, third.origin_id) == (
        "all_clear",
        second.id,
        drafts()[0].id,
    )
    assert "解除" in third.text
    assert [row.state for row in drafts()] == ["changed", "lifted", "released"]


def test_a_cancel_takes_a_draft_that_waits_for_approval_back(
    source: Source, scope_of: Callable[..., Any]
) -> None:
    officer, leader = scope_of("duty_officer"), scope_of("duty_leader")
    send(source, alert())
    row = drafts()[0]
    row = actions.submit(officer, row.id, row.version)
    send(source, alert("C1", kind="Cancel", references=referring()))
    with pytest.raises(Conflict):
        actions.approve(leader, row.id, row.version)
    first, lift = drafts()
    assert first.state == "draft" and doubts(first) == {"source-changed"}
    assert lift.act == "lift" and "follows-missing" in doubts(lift)
    gone = actions.withdraw(officer, first.id, first.version, "气象台已解除")
    assert gone.state == "withdrawn"
    with pytest.raises(Refusal):
        actions.submit(officer, lift.id, lift.version)
    bare = actions.revise(
        officer, lift.id, lift.version, {"settled": [d["code"] for d in lift.doubts]}
    )
    with pytest.raises(Refusal) as refusal:
        actions.submit(officer, bare.id, bare.version)
    assert refusal.value.code in ("follows-missing", "fields-missing")


AREAS = [
    ("<areaDesc>x</areaDesc><geocode><valueName>C</valueName><value>500231105</value></geocode>",
     [TOWNSHIPS[1]], set()),
    ("<areaDesc>全县</areaDesc><geocode><valueName>C</valueName><value>500231000000</value></geocode>",
     [COUNTY], set()),
    ("<areaDesc>x</areaDesc><geocode><valueName>C</valueName><value>500231109002</value></geocode>",
     [TOWNSHIPS[0]], {"area-village"}),
    ("<areaDesc>x</areaDesc><geocode><valueName>C</valueName><value>500231999</value></geocode>",
     [], {"area-unknown", "area-missing"}),
    ("<areaDesc>梁平区</areaDesc><geocode><valueName>C</valueName><value>500155</value></geocode>",
     [], {"area-missing"}),
    ("<areaDesc>澄溪、永安镇</areaDesc>", sorted(TOWNSHIPS), set()),
    ("<areaDesc>垫江县</areaDesc>", [COUNTY], set()),
    ("<areaDesc>高滩镇</areaDesc>", [], {"area-missing"}),
    ("<areaDesc>永安镇</areaDesc><geocode><valueName>C</valueName><value>500231109</value></geocode>",
     [TOWNSHIPS[0]], {"area-differs"}),
    ("<areaDesc>x</areaDesc><polygon>30.205,107.305 30.205,107.315 30.215,107.315 30.215,107.305"
     " 30.205,107.305</polygon>", [TOWNSHIPS[0]], {"area-point"}),
    ("<areaDesc>x</areaDesc><circle>30.21,107.31 0.5</circle>", [TOWNSHIPS[0]], {"area-point"}),
    ("<areaDesc>x</areaDesc><polygon>40,100 41,100 41,101 40,100</polygon>", [], {"area-missing"}),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(AREAS)))
def test_where_is_read_by_code_by_outline_or_by_name(source: Source, number: int) -> None:
    area, divisions, unsure = AREAS[number]
    send(source, alert(area=area))
    [made] = drafts()
    assert made.divisions == divisions and doubts(made) == unsure


def test_outlines_decide_where_there_are_some(source: Source) -> None:
    import shapely

    from anlan.county.models import Division

    with COMMAND.open():
        for number, code in enumerate(TOWNSHIPS):
            box = shapely.box(107.0 + number, 30.0, 107.9 + number, 30.9)
            Division.objects.filter(code=code).update(outline=shapely.to_wkb(box))
    ring = "30.1,107.1 30.1,108.005 30.8,108.005 30.8,107.1 30.1,107.1"
    send(source, alert(area=f"<areaDesc>x</areaDesc><polygon>{ring}</polygon>"))
    [made] = drafts()
    assert made.divisions == [TOWNSHIPS[0]] and made.doubts == [], "a hair of the second is no town"


WORDS = [
    ({"severity": "Extreme"}, "orange", {"grade-severity"}),
    ({"headline": "暴雨预警信号"}, "orange", {"grade-severity"}),
    ({"headline": "暴雨预警信号", "severity": "Unknown"}, "", {"grade-missing"}),
    ({"headline": "雷电橙色预警信号"}, "orange", {"kind-two"}),
    ({"event": "Heavy rain", "headline": "暴雨橙色预警信号"}, "orange", {"kind-missing"}),
]


@pytest.mark.parametrize("number", range(len(WORDS)))
def test_what_and_how_grave_are_right_or_doubted(source: Source, number: int) -> None:
    changes, grade, unsure = WORDS[number]
    send(source, alert(**changes))
    [made] = drafts()
    assert made.grade == grade and doubts(made) == unsure


def test_two_parts_are_two_drafts_and_a_second_language_is_none(source: Source) -> None:
    text = alert().decode()
    info = text[text.index("<info>") : text.index("</info>") + 7]
    english = info.replace("zh-CN", "en-US").replace("暴雨", "Rain")
    yellow = (
        info.replace("橙色", "黄色").replace("Severe", "Moderate").replace("500231109", "500231105")
    )
    yellow = yellow.replace("澄溪镇", "永安镇")
    row = send(source, text.replace("</info>", "</info>" + english + yellow).encode())
    found = drafts()
    assert [(one.grade, one.divisions, one.item) for one in found] == [
        ("orange", [TOWNSHIPS[0]], 1), ("yellow", [TOWNSHIPS[1]], 2),
    ]  # fmt: skip
    assert {one.received_id for one in found} == {row.id}


def test_a_pasted_message_is_judged_like_one_that_came(
    source: Source, scope_of: Callable[..., Any]
) -> None:
    officer = scope_of("duty_officer")
    assert intake_actions.paste_message(officer, alert(sender="x").decode()).state == "refused"
    row = intake_actions.paste_message(officer, " " + alert().decode())
    assert (row.state, row.source_id) == ("drafted", None)
    assert send(source, alert()).state == "refused", "the identifier has been used"
    with pytest.raises(Refusal):
        intake_actions.paste_message(officer, "   ")
    with pytest.raises(Refusal) as refusal:
        intake_actions.paste_message(officer, "<!DOCTYPE a><a/>")
    assert refusal.value.code == "xml-dtd"


def test_an_exercise_message_lives_in_an_exercise_only(
    source: Source, scope_of: Callable[..., Any], owner_sql: Any
) -> None:
    owner_sql(
        'INSERT INTO ground_world (id, kind, name, anchored_at, "offset", rate, started_at)'
        " SELECT 7, 'tabletop', '推演', anchored_at, \"offset\", 1, started_at FROM ground_world WHERE id = 0"
    )
    officer = scope_of("duty_officer").in_world(7)
    assert (
        intake_actions.paste_message(officer, alert("E1", status="Exercise").decode()).state
        == "drafted"
    )
    assert intake_actions.paste_message(officer, alert("E2").decode()).state == "held"
    assert drafts() == []
    with ROUND.open():
        assert Received.objects.count() == 0
    with ROUND.in_world(7).open():
        assert Received.objects.count() == 2 and Warning.objects.count() == 1


def test_a_source_that_floods_is_slowed(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_actions, "HOUR_MAX", 3)
    for number in range(3):
        send(source, alert(f"N{number}"))
    with pytest.raises(Refusal) as refusal:
        send(source, alert("N9"))
    assert refusal.value.status == 429
    assert send(source, alert("N0")).identifier == "N0", "what is known is answered"


# signatures


@pytest.fixture(scope="module")
def signing() -> tuple[str, Callable[[bytes], bytes]]:
    """(certificate in PEM, a signer of messages)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from lxml import etree
    from signxml import SignatureMethod, XMLSigner

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bureau")])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(begin).not_valid_after(begin + timedelta(days=36500))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = made.public_bytes(serialization.Encoding.PEM).decode()

    def sign(content: bytes) -> bytes:
        signer = XMLSigner(signature_algorithm=SignatureMethod.ECDSA_SHA256)
        signed = signer.sign(etree.fromstring(content), key=key, cert=pem)
        return etree.tostring(signed, encoding="utf-8")

    return pem, sign


def test_a_signed_source_is_believed_only_with_its_signature(
    source: Source, signing: tuple[str, Callable[[bytes], bytes]]
) -> None:
    pem, sign = signing
    strict = source_actions.change_source(
        COMMAND, source.id, source.version, VALUES | {"certificate": pem}
    )
    good = sign(alert())
    tampered = good.replace("橙色".encode(), "红色".encode())
    assert tampered != good
    for wrong in (
        alert("A"),
        tampered,
        good.replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>AA"),
    ):
        row = send(strict, wrong)
        assert row.state == "refused" and codes(row) == {"signature"}, row.reasons
    assert drafts() == []
    assert send(strict, good).state == "drafted"


def test_a_signature_wrapped_into_another_message_is_not_believed(
    source: Source, signing: tuple[str, Callable[[bytes], bytes]]
) -> None:
    """The signed part stays whole somewhere inside, and the reader must not read beside it."""
    pem, sign = signing
    strict = source_actions.change_source(
        COMMAND, source.id, source.version, VALUES | {"certificate": pem}
    )
    good = sign(alert()).decode()
    start = good.index("<ds:Signature ")
    seal = good[start : good.index("</ds:Signature>") + 15]
    forged = alert("F1", headline="垫江县气象台发布暴雨红色预警信号", severity="Extreme").decode()
    inside = forged.replace("</alert>", f"{seal}<x>{good}</x></alert>")
    beside = forged.replace("</alert>", f"<Object>{good}</Object>{seal}</alert>")
    for wrong in (forged.replace("</alert>", seal + "</alert>"), inside, beside):
        row = send(strict, wrong.encode())
        assert row.state == "refused" and "signature" in codes(row), row.reasons
    assert drafts() == []


def test_a_signature_of_another_key_is_not_believed(
    source: Source, signing: tuple[str, Callable[[bytes], bytes]]
) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from lxml import etree
    from signxml import SignatureMethod, XMLSigner

    pem, _sign = signing
    strict = source_actions.change_source(
        COMMAND, source.id, source.version, VALUES | {"certificate": pem}
    )
    signer = XMLSigner(signature_algorithm=SignatureMethod.ECDSA_SHA256)
    other = signer.sign(
        etree.fromstring(alert()), key=ec.generate_private_key(ec.SECP256R1()), cert=pem
    )
    assert codes(send(strict, etree.tostring(other))) == {"signature"}


# the door


def test_the_door_opens_to_a_token_and_answers_after_the_commit(
    source: Source, county_db: str
) -> None:
    token = source_actions.new_token(COMMAND, source.id, source.version)
    client = Client(enforce_csrf_checks=True)

    def post(body: bytes, bearer: str | None = token, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return client.post(
            "/in/cap", body, content_type="application/cap+xml", headers=headers, **more
        )

    answer = post(alert())
    assert answer.status_code == 200 and answer.json()["state"] == "drafted"
    with ROUND.open():
        assert Received.objects.get(id=answer.json()["received"]).way == "push"
    assert post(alert()).json()["received"] == answer.json()["received"]
    answer = post(alert("T1", status="Test"))
    assert answer.status_code == 422 and answer.json()["error"]["code"] == "status"
    for bearer in (None, "", "x", token[:-1], token + "x", "t" * 500):
        refused = post(alert("T2"), bearer)
        assert refused.status_code == 403 and refused.json()["error"]["code"] == "token"
    assert post(b"x" * (1024 * 1024 + 1)).status_code == 413
    assert client.get("/in/cap").status_code == 405
    with ROUND.open():
        assert Received.objects.count() == 2
    fresh = source_actions.new_token(COMMAND, source.id, source.version + 1)
    assert post(alert("T3")).status_code == 403 and post(alert("T3"), fresh).status_code == 200
    source_actions.pause_source(COMMAND, source.id, source.version + 2, True)
    assert post(alert("T4"), fresh).status_code == 403


def test_who_guesses_tokens_is_counted(source: Source, county_db: str) -> None:
    client = Client()
    said = {
        client.post(
            "/in/cap", b"", content_type="text/xml", headers={"Authorization": f"Bearer g{n}"}
        ).status_code
        for n in range(25)
    }
    assert said == {403, 429}


# who may do what


def test_only_the_system_administrator_keeps_the_list(
    county_db: str, scope_of: Callable[..., Any]
) -> None:
    for kind in ("duty_officer", "duty_leader", "county_leader"):
        with pytest.raises(Denied):
            source_actions.add_source(scope_of(kind), VALUES)
    bare = Scope("admin", 1, 0, 0, ROUND.actor, frozenset({"system.manage"}))
    made = source_actions.add_source(bare, VALUES)
    assert source_actions.pause_source(bare, made.id, made.version, True).paused
    with bare.open():
        assert Received.objects.count() == 0
    for wrong in ({"name": "县气象台"}, {"senders": []}, {"certificate": "x"}, {"every_s": 1},
                  {"networks": "127.0.0.0/8"}, {"way": "poll", "url": "file:///etc/passwd"},
                  {"way": "poll", "url": "http://2130706433/"}):  # fmt: skip
        with pytest.raises(Refusal):
            source_actions.add_source(bare, VALUES | {"name": "二"} | wrong)
    with pytest.raises(Conflict):
        source_actions.change_source(bare, made.id, 99, VALUES)


def test_every_message_leaves_a_line(source: Source, owner_sql: Any) -> None:
    send(source, alert())
    send(source, alert("X", status="Test"))
    lines = owner_sql("SELECT why FROM ground_journal WHERE action = 'warning.receive' ORDER BY id")
    assert [line[0].split()[0] for line in lines] == ["drafted", "refused"]


# the judge alone

STATUSES = st.sampled_from(["Actual", "Exercise", "System", "Test", "Draft"])
KINDS = st.sampled_from(["Alert", "Update", "Cancel", "Ack", "Error"])


@given(
    status=STATUSES, kind=KINDS, known=st.booleans(), seen=st.booleans(), exercise=st.booleans(),
    signature=st.sampled_from(["", "内容被改过"]), references=st.lists(st.booleans(), max_size=3),
    hours=st.integers(-48, 48), ends=st.none() | st.integers(-48, 48), open_ring=st.booleans(),
)  # fmt: skip
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_doubtful_is_ever_drafted(
    status: str, kind: str, known: bool, seen: bool, exercise: bool, signature: str,
    references: list[bool], hours: int, ends: int | None, open_ring: bool,
) -> None:  # fmt: skip
    from anlan.ground.markup import read_xml

    def at(offset: int) -> str:
        return (NOW + timedelta(hours=offset)).isoformat()

    refers = " ".join(f"{SENDER},r{n},{at(-1)}" for n in range(len(references)))
    ring = "30.2,107.3 30.3,107.3 30.3,107.4 " + ("30.2,107.4" if open_ring else "30.2,107.3")
    content = alert(
        status=status, kind=kind, references=refers, sent=at(hours),
        expires=at(ends) if ends is not None else "",
        area=f"<areaDesc>x</areaDesc><polygon>{ring}</polygon>",
    )  # fmt: skip
    root = read_xml(content, "x")
    message = read_message(root)
    verdict = judge(
        message, check(root), Known(known, signature, seen, tuple(references), exercise), NOW
    )
    if verdict.fate is Fate.DRAFT:
        assert known and not seen and not signature and not open_ring
        assert status == ("Exercise" if exercise else "Actual")
        assert kind in ("Alert", "Update", "Cancel") and -24 <= hours <= 0
        assert ends is None or ends > 0 or kind == "Cancel"
        assert kind == "Alert" or (references and all(references))
    elif open_ring or seen or signature or not known:
        assert verdict.fate is Fate.REFUSE
    assert verdict.reasons or verdict.fate is Fate.DRAFT


def test_mutant_a_judge_that_believes_everybody_is_caught(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "_sender", lambda _message, _known: [])
    assert send(source, alert(sender="somebody.else")).state == "drafted"


def test_the_package_of_messages_needs_no_database() -> None:
    root = Path(judging.__file__).parent
    for path in root.glob("*.py"):
        assert "django" not in path.read_text(encoding="utf-8"), path.name
    assert json.dumps(VALUES)
