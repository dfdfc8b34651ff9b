"""Flattened text: what a page gives when it is copied or saved as text.

A table arrives as cells one a line (behind a tab or not), as a line a row with tabs, commas or
bars, or as columns set apart by spaces. The header tells which, and how many columns there are.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass

from anlan.rooms.workplan.reader.blocks import Document, Grid, Paragraph, grid_of
from anlan.rooms.workplan.reader.deadlines import looks_like_deadline
from anlan.rooms.workplan.reader.headwords import CORE, role_of
from anlan.rooms.workplan.reader.limits import LINE_CHARS_MAX, LINES_MAX, PlanRefused
from anlan.rooms.workplan.reader.numerals import ordinal
from anlan.rooms.workplan.reader.units import looks_like_units

ENCODINGS = ("utf-8-sig", "gb18030", "utf-16")
GAP = re.compile(r"[ \u2002\u2003\xa0]{2,}|\u3000+|\s*[|｜│┃]\s*")
ANY_GAP = re.compile(r"[\s\u3000|｜│]+")
HEADER_TOKENS_MAX = 12
END = re.compile(
    r"^\s*(?:[一二三四五六七八九十]+、|附\s*件|第[一二三四五六七八九十]+[章部]|[（(][一二三四五六七八九十]+[）)])"
)
NOTE = re.compile(r"^\s*(?:注|说明|备注|附注)\s*\d*\s*[:：]")


def read(content: bytes, name: str) -> Document:
    """The document of a text in UTF-8, GBK or UTF-16."""
    text = decode(content, name)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > LINES_MAX:
        raise PlanRefused("too-long", f"超过 {LINES_MAX} 行", name, "请只保留工作要点正文和附表")
    longest = max(range(len(lines)), key=lambda at: len(lines[at]))
    if len(lines[longest]) > LINE_CHARS_MAX:
        raise PlanRefused("line-too-long", f"一行超过 {LINE_CHARS_MAX} 字", f"{name}，第 {longest + 1} 行",
                          "请重新导出，保留换行")  # fmt: skip
    return of_lines(lines)


def decode(content: bytes, name: str) -> str:
    """The text; PlanRefused where it is none."""
    marks = (b"\xff\xfe", b"\xfe\xff")
    if content.startswith(marks) and len(content) % 2 == 0:
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError:
            pass
    if b"\0" in content:
        at = content.index(b"\0")
        raise PlanRefused("binary", "文件里有空字符，不是文本", f"{name}，第 {at + 1} 个字节",
                          "请打开原文件，另存为 DOCX 或 UTF-8 文本")  # fmt: skip
    for encoding in ENCODINGS[:2]:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise PlanRefused("encoding", "既不是 UTF-8 也不是 GBK", name, "请另存为 UTF-8 文本")


def of_lines(lines: list[str], place: str = "第 {} 行") -> Document:
    """Blocks of lines; where a header begins, its table is read to its end."""
    document = Document()
    at = 0
    while at < len(lines):
        taken = _table(lines, at, place)
        if taken is None:
            text = lines[at].strip()
            if text:
                document.blocks.append(Paragraph(text, 0, place.format(at + 1)))
            at += 1
        else:
            grid, at = taken
            document.blocks.append(grid)
    return document


def _table(lines: list[str], at: int, place: str) -> tuple[Grid, int] | None:
    for reader in (_separated, _cell_lines, _spaced):
        taken = reader(lines, at)
        if taken is not None:
            rows, end = taken
            return grid_of(rows, place.format(at + 1)), end
    return None


def is_header(tokens: list[str]) -> bool:
    """Words of a header: most are known, and they name at least a task and who or when."""
    words = [token for token in tokens if token.strip()]
    if not 2 < len(words) <= HEADER_TOKENS_MAX or any(len(word) > 20 for word in words):
        return False
    roles = [role_of(word) for word in words]
    known = {role for role in roles if role in CORE}
    return (
        sum(role is not None for role in roles) >= 0.7 * len(words)
        and bool(known & {"name", "task", "text"})
        and bool(known & {"units", "lead", "deadline", "number"})
        and len(known) >= 2
    )


# a line a row: tabs, commas, bars


def _separated(lines: list[str], at: int) -> tuple[list[list[str]], int] | None:
    line = lines[at]
    for mark in ("\t", "|", ",", "，", "｜"):
        if line.strip().count(mark) >= 2 and is_header(_pieces(line, mark)):
            return _separated_rows(lines, at, mark)
    return None


def _pieces(line: str, mark: str) -> list[str]:
    if mark in "|｜":
        return [piece.strip() for piece in line.strip().strip(mark).split(mark)]
    return [piece.strip() for piece in next(csv.reader([line], delimiter=mark), [])]


def _separated_rows(lines: list[str], at: int, mark: str) -> tuple[list[list[str]], int]:
    """Rows up to a line that has no mark and is no rest of a quoted cell."""
    header = _pieces(lines[at], mark)
    width = len(header)
    rows = [header]
    at += 1
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            if _blank_ends(lines, at, mark):
                break
            at += 1
            continue
        joined, taken = _quoted(lines, at)
        cells = _pieces(joined, mark)
        if mark not in line:
            if END.match(line) or NOTE.match(line) or len(rows) == 1:
                break
            rows[-1][_widest(rows[-1])] += "\n" + line.strip()
            at += 1
            continue
        at += taken
        if mark in "|｜" and all(re.fullmatch(r":?-{2,}:?|", cell) for cell in cells):
            continue
        rows.append((cells + [""] * width)[: max(width, len(cells))])
    return rows, at


def _blank_ends(lines: list[str], at: int, mark: str) -> bool:
    """A blank line ends a table unless the next line with text is a row again."""
    following = next((line for line in lines[at + 1 : at + 4] if line.strip()), "")
    return mark not in following.strip() or is_header(_pieces(following, mark))


def _quoted(lines: list[str], at: int) -> tuple[str, int]:
    """A cell that holds line ends stands between quotation marks over several lines."""
    joined, taken = lines[at], 1
    while joined.count('"') % 2 and at + taken < len(lines) and taken < 40:
        joined += "\n" + lines[at + taken]
        taken += 1
    return (joined, taken) if joined.count('"') % 2 == 0 else (lines[at].replace('"', ""), 1)


def _widest(cells: list[str]) -> int:
    return max(range(len(cells)), key=lambda x: len(cells[x]))


# cells one a line


@dataclass(slots=True)
class _Token:
    text: str
    line: int
    blank_before: bool
    tabbed: bool


def _cell_lines(lines: list[str], at: int) -> tuple[list[list[str]], int] | None:
    """Header words one a line, then the cells of each row in the same order."""
    if not lines[at].strip() or role_of(lines[at]) not in CORE:
        return None
    header = _header_lines(lines, at)
    if header is None:
        return None
    tokens, end = _tokens(lines, at + len(header))
    rows = _by_groups(tokens, header) or _by_anchors(tokens, header)
    return ([header, *rows], end) if rows else None


def _header_lines(lines: list[str], at: int) -> list[str] | None:
    words: list[str] = []
    for line in lines[at : at + HEADER_TOKENS_MAX]:
        text = line.strip()
        if not text or len(text) > 20 or role_of(text) is None or ordinal(text) is not None:
            break
        if re.sub(r"\s", "", text) in words:
            break
        words.append(re.sub(r"\s", "", text))
    return words if is_header(words) else None


def _tokens(lines: list[str], at: int) -> tuple[list[_Token], int]:
    """Cells up to the next heading, header, or running text."""
    tabbed = any(line.startswith("\t") for line in lines[at : at + 12])
    tokens: list[_Token] = []
    blank = True
    while at < len(lines):
        line = lines[at]
        if tabbed and not line.startswith("\t") and line.strip():
            break
        if not line.strip() and not (tabbed and line.startswith("\t")):
            blank = True
            at += 1
            continue
        if not tabbed and (_ends(line) or NOTE.match(line)):
            break
        if role_of(line) in CORE and _header_lines(lines, at) is not None:
            break
        tokens.append(_Token(line.strip(), at, blank, tabbed))
        blank = False
        at += 1
    return tokens, at


def _ends(line: str) -> bool:
    return bool(END.match(line)) and len(line.strip()) <= 40


def _by_groups(tokens: list[_Token], header: list[str]) -> list[list[str]] | None:
    """Groups between blank lines, each as long as the header."""
    width = len(header)
    groups: list[list[str]] = []
    for token in tokens:
        if token.blank_before or not groups:
            groups.append([])
        groups[-1].append(token.text)
    if not groups:
        return None
    if all(len(group) == width for group in groups):
        return groups
    whole = [group[at : at + width] for group in groups for at in range(0, len(group), width)]
    if all(len(group) % width == 0 for group in groups) and all(row[0] for row in whole):
        return whole
    return None


def _by_anchors(tokens: list[_Token], header: list[str]) -> list[list[str]]:
    """Rows begin where the next number stands; the cells between fall to the columns they fit."""
    roles = [role_of(word) or "task" for word in header]
    if "number" not in roles:
        return _by_width(tokens, len(header))
    starts = _anchors([token.text for token in tokens])
    if not starts:
        return _by_width(tokens, len(header))
    rows = []
    for at, start in enumerate(starts):
        end = starts[at + 1] if at + 1 < len(starts) else len(tokens)
        rows.append(fit([token.text for token in tokens[start:end]], roles))
    return rows


def _by_width(tokens: list[_Token], width: int) -> list[list[str]]:
    texts = [token.text for token in tokens]
    return [texts[at : at + width] for at in range(0, len(texts), width)]


def _anchors(texts: list[str]) -> list[int]:
    """Places of 1, 2, 3 … in order; a figure that is not the next number is a cell."""
    places: list[int] = []
    expected = 1
    for at, text in enumerate(texts):
        if re.fullmatch(r"\d{1,3}[.、．]?", text) and ordinal(text) == expected:
            places.append(at)
            expected += 1
    return places


def fit(tokens: list[str], roles: list[str]) -> list[str]:
    """Tokens in order onto columns in order, each where it reads best; several may share one."""
    rows, width = len(tokens), len(roles)
    if rows == width:
        return tokens
    worst = float("-inf")
    best = [[worst] * (width + 1) for _ in range(rows + 1)]
    back = [[0] * (width + 1) for _ in range(rows + 1)]
    best[0] = [0.0] * (width + 1)
    for i in range(1, rows + 1):
        for j in range(1, width + 1):
            own = _suits(tokens[i - 1], roles[j - 1])
            fresh, more = best[i - 1][j - 1] + own, best[i - 1][j] + own - 0.6
            options = [(fresh, 1), (more, 2), (best[i][j - 1], 3)]
            best[i][j], back[i][j] = max(options)
    cells: list[list[str]] = [[] for _ in roles]
    i, j = rows, width
    while i > 0 and j > 0:
        step = back[i][j]
        if step == 3:
            j -= 1
            continue
        cells[j - 1].insert(0, tokens[i - 1])
        i, j = i - 1, j - (1 if step == 1 else 0)
    return ["\n".join(own) for own in cells]


def _suits(token: str, role: str) -> float:
    bare = token.strip()
    if not bare:
        return 0.1
    unit = looks_like_units(bare)
    if role == "number":
        return 3.0 if ordinal(bare) is not None else -4.0
    if role in ("units", "lead", "support"):
        return 3.0 * unit if unit else -1.5
    if role == "deadline":
        return 3.0 if looks_like_deadline(bare) else -1.5
    if role == "measure":
        return 1.5 if len(bare) <= 4 else -2.0
    if role in ("note", "unused"):
        return 0.3 if unit < 0.5 else -0.5
    size = len(bare)
    if role in ("text",):
        return (1.2 if size > 12 or re.search(r"[%。，；\d]", bare) else 0.8) - 2.0 * (
            unit >= 0.9 and size > 3
        )
    return (1.0 if size <= 24 else 0.4) - 2.0 * (unit >= 0.9 and size > 3)


# columns set apart by spaces


def _spaced(lines: list[str], at: int) -> tuple[list[list[str]], int] | None:
    line = lines[at].strip("\r\n")
    wide = [piece for piece in GAP.split(line.strip()) if piece]
    if len(wide) > 2 and is_header(wide):
        return _spaced_rows(lines, at, wide)
    loose = [piece for piece in ANY_GAP.split(line.strip()) if piece]
    if len(loose) > 2 and is_header(loose):
        return _loose_rows(lines, at, loose)
    return None


def _spaced_rows(lines: list[str], at: int, header: list[str]) -> tuple[list[list[str]], int]:
    """Columns by where they stand; a line without a number goes on with the row above."""
    starts = _starts(lines[at], header)
    roles = [role_of(word) or "task" for word in header]
    numbered = "number" in roles
    rows: list[list[str]] = [header]
    at += 1
    while at < len(lines):
        line = lines[at].rstrip()
        if not line.strip():
            following = next((own for own in lines[at + 1 : at + 3] if own.strip()), "")
            if len([p for p in GAP.split(following.strip()) if p]) < 2:
                break
            at += 1
            continue
        if (
            (_ends(line) and len(GAP.split(line.strip())) < 2)
            or NOTE.match(line)
            or re.fullmatch(r"[\s\-—=─]+", line)
        ):
            if re.fullmatch(r"[\s\-—=─]+", line):
                at += 1
                continue
            break
        cells = _cut_at(line, starts, roles)
        first = cells[roles.index("number")] if numbered else cells[0]
        if len(rows) > 1 and not first.strip() and _rest(cells, roles, rows[-1]):
            rows[-1] = [left + right for left, right in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
        at += 1
    return rows, at


def _rest(cells: list[str], roles: list[str], above: list[str]) -> bool:
    """A line that only goes on: it fills no more columns than the row above has filled."""
    return all(not cell.strip() or above[x].strip() for x, cell in enumerate(cells))


def _columns_of(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _starts(line: str, header: list[str]) -> list[int]:
    starts, at = [], 0
    for word in header:
        at = line.index(word, at)
        starts.append(_columns_of(line[:at]))
        at += len(word)
    return starts


def _cut_at(line: str, starts: list[int], roles: list[str]) -> list[str]:
    pieces = [
        (match.start(), match.group(0))
        for match in re.finditer(
            r"\S+(?:[ \xa0]\S+)*", line.replace("|", "  ").replace("\u3000", "  ")
        )
    ]
    if len(pieces) == len(starts):
        return [piece for _at, piece in pieces]
    flat = line.replace("|", "  ").replace("\u3000", "  ")
    cells = [""] * len(starts)
    for at, piece in pieces:
        place = _columns_of(flat[:at])
        x = max((k for k, start in enumerate(starts) if start <= place + 3), default=0)
        cells[x] += piece
    return cells


def _loose_rows(lines: list[str], at: int, header: list[str]) -> tuple[list[list[str]], int] | None:
    """Single spaces only: rows begin with their number, cells fall to the columns they fit."""
    roles = [role_of(word) or "task" for word in header]
    if roles[0] != "number":
        return None
    texts: list[str] = []
    end = at + 1
    while end < len(lines):
        line = lines[end].strip()
        if line and (_ends(line) or NOTE.match(line)):
            break
        if (
            not line
            and texts
            and not re.match(r"\d", next((x.strip() for x in lines[end + 1 :] if x.strip()), ""))
        ):
            break
        if line:
            texts.append(line)
        end += 1
    rows: list[str] = []
    for line in texts:
        match = re.match(r"(\d{1,3})[.、．]?\s+|(\d{1,3})(?=[^\d.%])", line)
        number = int(match.group(1) or match.group(2)) if match else None
        if number == len(rows) + 1:
            rows.append(
                line if match and match.group(1) else f"{number} {line[len(str(number)) :]}"
            )
        elif rows:
            rows[-1] += " " + line if " " in line else line
        else:
            return None
    if not rows:
        return None
    return [header, *(fit([p for p in ANY_GAP.split(row) if p], roles) for row in rows)], end
