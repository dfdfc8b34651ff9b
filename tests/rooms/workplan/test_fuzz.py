"""Each parser against made-up input: only declared refusals come out, nothing else.

About five seconds a parser; the corpus of what once broke a parser stands as examples.
"""

from __future__ import annotations

import contextlib
import io
import random
import time
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anlan.rooms.workplan.reader import PlanRefused, read_here
from anlan.rooms.workplan.reader.deadlines import deadline, in_text, looks_like_deadline
from anlan.rooms.workplan.reader.headwords import role_of
from anlan.rooms.workplan.reader.quantities import quantities
from anlan.rooms.workplan.reader.units import looks_like_units, units
from tests.rooms.workplan.layouts import made
from tests.rooms.workplan.layouts.made import ROWS, TITLE, joined

SECONDS = 5.0
SEED = 41
WORDS = st.text(
    st.sampled_from("一二三十百零两个座次家处人起套年月日每半季度至少不超过低于达到以上内下降较同比%％‰0123456789.,，。、；：:∶—-（）()“”《》全覆盖清零应设尽牵头配合单位县局等各乡镇\n\t 序号名称目标责任时限表附件"),
    max_size=200,
)  # fmt: skip
LINES = [
    ["序号", "任务", "内容", "责任单位", "时限"],
    *([str(n), r.name, r.text, joined(r), r.deadline] for n, r in enumerate(ROWS, 1)),
]


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(WORDS)
def test_no_words_break_the_grammars(text: str) -> None:
    for found in quantities(text, text[:20], 2026):
        assert found.op in ("<=", "<", ">=", ">", "=", "range", "judged")
        assert (found.value is None) == (found.op == "judged")
        assert (found.high is None) == (found.op != "range")
    for unit in units(text)[0]:
        assert unit.name
        assert not (unit.lead and unit.kind != "unit")
    deadline(text, 2026)
    in_text(text, 2026)
    looks_like_deadline(text)
    looks_like_units(text)
    role_of(text)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(WORDS)
def test_no_text_breaks_the_reader(text: str) -> None:
    for content, name in (
        (text.encode(), "a.txt"),
        (f"<table><tr><td>{text}</td></tr></table>".encode(), "a.html"),
    ):
        with contextlib.suppress(PlanRefused):
            read_here(content, name)


def _docx() -> bytes:
    return made.docx(
        lambda document: (
            document.add_paragraph(TITLE),
            made.docx_table(document, LINES, [(1, 1, 2, 1)]),
        )
    )


def _html() -> bytes:
    body = "".join(
        "<tr>" + "".join(f"<td rowspan=1 colspan=1>{cell}</td>" for cell in line) + "</tr>"
        for line in LINES
    )
    return f"<html><body><h1>{TITLE}</h1><table>{body}</table></body></html>".encode()


def _text() -> bytes:
    return (TITLE + "\n" + "\n".join("\t".join(line) for line in LINES)).encode()


SAMPLES: dict[str, Callable[[], bytes]] = {
    "a.docx": _docx,
    "a.xlsx": lambda: made.xlsx([[TITLE], *LINES], ["A1:E1", "B3:B4"]),
    "a.pdf": lambda: made.pdf([TITLE, (LINES, [30, 70, 200, 120, 70], [])]),
    "a.html": _html,
    "a.txt": _text,
}


def _bent(content: bytes, chance: random.Random) -> bytes:
    """Bytes cut, doubled, overwritten or swapped."""
    own = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        at, size = chance.randrange(len(own)), chance.randint(1, 40)
        way = chance.randrange(4)
        if way == 0:
            own[at : at + size] = chance.randbytes(len(own[at : at + size]))
        elif way == 1:
            del own[at : at + size]
        elif way == 2:
            own[at:at] = own[at : at + size]
        else:
            own[at] ^= 1 << chance.randrange(8)
        if not own:
            return b"x"
    return bytes(own)


def _bent_inside(content: bytes, chance: random.Random) -> bytes:
    """The same, done to a part of an office file, so that the container still opens."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        parts = [info.filename for info in old.infolist()]
        chosen = chance.choice([part for part in parts if part.endswith("xml")])
        for part in parts:
            own = old.read(part)
            new.writestr(part, _bent(own, chance) if part == chosen and own else own)
    return out.getvalue()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_bent_file_is_read_or_refused_and_nothing_else(name: str) -> None:
    sample, chance = SAMPLES[name](), random.Random(SEED)
    assert read_here(sample, name)["tables"], "the sample itself must be a plan"
    end = time.monotonic() + SECONDS
    tried, refused = 0, []
    while time.monotonic() < end:
        office = name.endswith("x") and chance.random() < 0.7
        bent = _bent_inside(sample, chance) if office else _bent(sample, chance)
        tried += 1
        try:
            read_here(bent, name)
        except PlanRefused as refusal:
            refused.append(refusal)
    assert tried > 10
    assert all(own.code and own.mend for own in refused)
    assert refused or name in ("a.txt", "a.html")
