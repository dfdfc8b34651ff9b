"""Tables whose columns are set apart by spaces: by where they stand, or by what reads best."""

from __future__ import annotations

import re
import unicodedata

from anlan.rooms.workplan.reader.formats.cell_lines import fit
from anlan.rooms.workplan.reader.formats.header import NOTE, ends, is_header
from anlan.rooms.workplan.reader.headwords import role_of

GAP = re.compile(r"[ \u2002\u2003\xa0]{2,}|\u3000+|\s*[|｜│┃]\s*")
ANY_GAP = re.compile(r"[\s\u3000|｜│]+")


def spaced(lines: list[str], at: int) -> tuple[list[list[str]], int] | None:
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
        if _other_table(lines, at):
            break
        if (
            (ends(line) and len(GAP.split(line.strip())) < 2)
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


def _other_table(lines: list[str], at: int) -> bool:
    """A header begins here, or right below a line that is no row but its caption."""
    if is_header([piece for piece in GAP.split(lines[at].strip()) if piece]):
        return True
    below = next((own for own in lines[at + 1 : at + 3] if own.strip()), "")
    return ends(lines[at]) and is_header([piece for piece in GAP.split(below.strip()) if piece])


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
        if line and (ends(line) or NOTE.match(line)):
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
