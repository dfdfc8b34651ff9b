"""CAP 1.2 by its rules: the whole message holds, and each rule broken is named with its place."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anlan.ground.markup import read_xml
from anlan.rooms.warning.cap import grammar
from anlan.rooms.warning.cap.report import report
from anlan.rooms.warning.cap.rules import FAULTS_MAX, check
from tests.rooms.warning.cap.messages import NAMESPACE, WHOLE, alert, changed

SENT = "<sent>2024-07-10T22:15:00+08:00</sent>"
RING = "30.2,107.3 30.3,107.3 30.3,107.4 30.2,107.3"
MANY_POINTS = " ".join(["30.2,107.3"] * 10_001)
BROKEN = [
    (("cap:1.2", "cap:1.1"), "3.2.1/alert/namespace", 2),
    (("<identifier>50023141600000_20240710221500_0</identifier>", ""), "3.2.1/identifier/required", 2),
    (("<identifier>5002", "<identifier>50 02"), "3.2.1/identifier/characters", 3),
    (("<identifier>5002", "<identifier>50,02"), "3.2.1/identifier/characters", 3),
    (("<identifier>5002", "<identifier>50&lt;02"), "3.2.1/identifier/characters", 3),
    (("<identifier>5002", "<identifier>50&amp;02"), "3.2.1/identifier/characters", 3),
    (("<sender>50023141600000</sender>", "<sender/>"), "3.2.1/sender/empty", 4),
    ((SENT, "<sent>2024-07-10T22:15:00Z</sent>"), "3.2.1/sent/zone-letter", 5),
    ((SENT, "<sent>2024-07-10T22:15:00</sent>"), "3.2.1/sent/form", 5),
    ((SENT, "<sent>2024-07-10 22:15:00+08:00</sent>"), "3.2.1/sent/form", 5),
    ((SENT, "<sent>2024-07-10T22:15:00.5+08:00</sent>"), "3.2.1/sent/form", 5),
    ((SENT, "<sent>２０24-07-10T22:15:00+08:00</sent>"), "3.2.1/sent/form", 5),
    ((SENT, "<sent>2024-02-30T22:15:00+08:00</sent>"), "3.2.1/sent/impossible", 5),
    ((SENT, SENT + SENT), "3.2.1/sent/once", 5),
    (("<status>Actual", "<status>actual"), "3.2.1/status/value", 6),
    (("<msgType>Update", "<msgType>Alarm"), "3.2.1/msgType/value", 7),
    (("<scope>Private", "<scope>Secret"), "3.2.1/scope/value", 9),
    (("<addresses>a@example.cn \"县 值班室\"</addresses>", ""), "3.2.1/addresses/conditional", 2),
    (("\"县 值班室\"", "\"县 值班室"), "3.2.1/addresses/quotes", 11),
    (("50023141600000,5002314", "5002314"), "3.2.1/references/triple", 14),
    (("2024-07-10T20:15:00+08:00</ref", "2024-07-10</ref"), "3.2.1/references/triple-time", 14),
    (("<language>zh-CN", "<language>中文"), "3.2.2/language/form", 17),
    (("<category>Met</category>", ""), "3.2.2/category/required", 16),
    (("<category>Met", "<category>Weather"), "3.2.2/category/value", 18),
    (("<event>暴雨</event>", "<event> </event>"), "3.2.2/event/empty", 19),
    (("<responseType>Prepare", "<responseType>Run"), "3.2.2/responseType/value", 20),
    (("<urgency>Expected", "<urgency>Soon"), "3.2.2/urgency/value", 21),
    (("<severity>Severe", "<severity>Orange"), "3.2.2/severity/value", 22),
    (("<certainty>Likely", "<certainty>Very Likely"), "3.2.2/certainty/value", 23),
    (("<valueName>v</valueName>", ""), "3.2.2/valueName/required", 25),
    (("<effective>2024-07-10", "<effective>2024-7-10"), "3.2.2/effective/form", 26),
    (("<web>https://example.cn/a", "<web>example.cn/a"), "3.2.2/web/absolute", 33),
    (("<resourceDesc>图</resourceDesc>", ""), "3.2.3/resourceDesc/required", 36),
    (("image/png", "picture"), "3.2.3/mimeType/form", 36),
    (("<size>12", "<size>12KB"), "3.2.3/size/number", 36),
    (("<derefUri>aGk=", "<derefUri>雨"), "3.2.3/derefUri/form", 36),
    (("<digest>0", "<digest>g"), "3.2.3/digest/form", 36),
    (("<areaDesc>澄溪镇</areaDesc>", ""), "3.2.4/areaDesc/required", 37),
    ((RING, "30.2,107.3 30.3,107.3 30.2,107.3"), "3.2.4/polygon/points-few", 39),
    ((RING, RING + " 30.4,107.3"), "3.2.4/polygon/open", 39),
    ((RING, MANY_POINTS), "3.2.4/polygon/points-many", 39),
    ((RING, "107.3,30.2 107.3,30.3 107.4,30.3 107.3,30.2"), "3.2.4/polygon/swapped", 39),
    ((RING, "30.2,107.3 30.3,nan 30.3,107.4 30.2,107.3"), "3.2.4/polygon/number", 39),
    ((RING, "30.2,187.3 30.3,187.3 30.3,187.4 30.2,187.3"), "3.2.4/polygon/range", 39),
    (("<circle>30.2,107.3 5", "<circle>30.2,107.3"), "3.2.4/circle/number", 40),
    (("<circle>30.2,107.3 5", "<circle>30.2,107.3 -5"), "3.2.4/circle/range", 40),
    (("<altitude>100</altitude>", ""), "3.2.4/ceiling/altitude", 43),
    (("<altitude>100", "<altitude>高"), "3.2.4/altitude/number", 42),
    (("<code>x</code>", "<code>x</code><colour>red</colour>"), "3.4/alert/unknown", 12),
    (("<status>Actual</status>", ""), "3.2.1/status/required", 2),
    (("<source>", "<scope>Private</scope><source>"), "3.2.1/scope/once", 9),
    (("<alert ", '<alert version="1.2" '), "3.4/alert/attribute", 2),
    (("<note>说明", "<note><b>说明</b>"), "3.4/note/plain", 13),
    (("<info>", "散文<info>"), "3.4/alert/text", 2),
]  # fmt: skip


def rules(content: bytes) -> list[str]:
    return [fault.rule for fault in check(read_xml(content, "x"))]


def test_a_message_with_every_element_holds() -> None:
    assert rules(WHOLE.encode()) == []
    used = {e.name for e in read_xml(WHOLE.encode(), "x").walk()}
    known = {rule.name for block in grammar.BLOCKS.values() for rule in block}
    assert known <= used, "the message of this test holds every element of the grammar"
    assert rules(alert()) == []


@pytest.mark.parametrize(
    ("change", "rule", "line"), BROKEN, ids=[f"{b[1]}-{n}" for n, b in enumerate(BROKEN)]
)
def test_each_rule_broken_is_named_with_its_line_and_mend(
    change: tuple[str, str], rule: str, line: int
) -> None:
    faults = check(read_xml(changed(change), "x"))
    found = [fault for fault in faults if fault.rule == rule]
    assert found, [fault.rule for fault in faults]
    assert found[0].line == line and found[0].mend and found[0].path.startswith("/alert")


def test_an_order_that_the_schema_does_not_know_is_a_fault() -> None:
    swapped = changed(
        ("<status>Actual</status>", ""), ("<scope>", "<status>Actual</status><scope>")
    )
    assert rules(swapped) == ["3.4/alert/order"]


def test_an_update_needs_to_say_what_it_updates() -> None:
    for kind in ("Update", "Cancel", "Ack", "Error"):
        assert rules(alert(kind=kind)) == ["3.2.1/references/needed"]


def test_a_signature_is_no_fault_and_is_not_read() -> None:
    signed = alert().replace(
        b"</alert>",
        b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><x/></Signature></alert>',
    )
    assert rules(signed) == []


def test_utc_is_written_with_minus_zero() -> None:
    assert rules(alert(sent="2024-07-10T14:15:00-00:00")) == []


def test_faults_are_bounded() -> None:
    many = alert().replace(b"<scope>", b"<x/>" * 5000 + b"<scope>")
    assert len(rules(many)) == FAULTS_MAX


@given(
    st.sampled_from([e.name for e in read_xml(WHOLE.encode(), "x").walk()]), st.text(max_size=40)
)
def test_no_text_breaks_the_checker(name: str, text: str) -> None:
    root = read_xml(WHOLE.encode(), "x")
    for element in root.walk():
        if element.name == name:
            element.parts = [text]
    for fault in check(root):
        assert fault.rule and fault.mend and fault.line


def test_the_notes_of_the_chinese_profile_leave_the_verdict_alone() -> None:
    found = report(alert("50023141600000_20240710221500", sent="2024-07-10T14:15:00-00:00"), "x")
    assert found["valid"]
    assert [note["rule"] for note in found["profile"]["notes"]] == ["A.1.1", "A.1.3.2"]
    assert found["profile"]["status"] == "unverified"
    assert report(alert(), "x")["profile"]["notes"] == []
    assert report(alert("of-another-country"), "x")["profile"]["notes"] == []
    assert report(alert("50023141600000_20241310221500_0"), "x")["profile"]["notes"]


def run(*words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "anlan", *words], capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout, done.stderr


def test_the_command_answers_by_its_exit_code(tmp_path: Path) -> None:
    good, bad, bomb = (tmp_path / name for name in ("good.xml", "坏 的.xml", "bomb.xml"))
    good.write_bytes(alert())
    bad.write_bytes(changed((SENT, "<sent>2024-07-10T22:15:00Z</sent>")))
    bomb.write_bytes(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    code, out, err = run("cap", "check", str(good), "--json")
    assert (code, json.loads(out)["valid"], err) == (0, True, "")
    code, out, _err = run("cap", "check", str(bad), "--json")
    answer = json.loads(out)
    assert code == 1 and answer["schema"] == "anlan.cap/1" and not answer["valid"]
    assert answer["faults"][0] | {"seen": ""} == {
        "rule": "3.2.1/sent/zone-letter", "path": "/alert/sent", "element": "sent", "line": 5,
        "column": 3, "seen": "", "message": "sent 用字母写时区",
        "mend": "写成 2024-07-10T22:15:00+08:00 的样子；UTC 写 -00:00，不写 Z",
    }  # fmt: skip
    code, out, _err = run("cap", "check", str(bad))
    assert code == 1 and "第 5 行" in out and "3.2.1/sent/zone-letter" in out
    code, out, _err = run("--json", "cap", "check", str(bomb))
    assert code == 2 and json.loads(out)["error"]["code"] == "xml-dtd"
    assert run("cap", "check", str(tmp_path / "none.xml"))[0] == 2
    assert run("cap", "check", str(tmp_path))[0] == 2


def test_the_namespace_is_that_of_the_standard() -> None:
    assert NAMESPACE == grammar.NAMESPACE == "urn:oasis:names:tc:emergency:cap:1.2"
