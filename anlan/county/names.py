"""Names as the phone book finds them: full pinyin and initials, surnames read as surnames.

The library reads 单 as dān and 曾 as céng; as surnames they are shàn and zēng. It has no style for
surnames, so `packs/_core/surnames.yaml` says how those read that differ; the given name is read by
the library as before. Somebody who is read otherwise has the reading written on their page.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from anlan.ground.policy import packs

SURNAMES = Path(__file__).resolve().parents[1] / "packs" / "_core" / "surnames.yaml"
COMPOUND_CHARS = 2
# A name of two characters has a surname of one: 单于 alone would be 单 and 于.
COMPOUND_NAME_CHARS_MIN = 3


@lru_cache(maxsize=1)
def surnames() -> dict[str, str]:
    """Surname → its pinyin, syllables parted by spaces."""
    return {str(name): str(read) for name, read in packs.read(SURNAMES).items()}


def syllables(name: str) -> list[str]:
    """The syllables of a name; what is not Chinese stays as it is, in lower case."""
    known = surnames()
    for size in (COMPOUND_CHARS, 1):
        if size == COMPOUND_CHARS and len(name) < COMPOUND_NAME_CHARS_MIN:
            continue
        read = known.get(name[:size])
        if read is not None:
            return read.split() + _read(name[size:])
    return _read(name)


@lru_cache(maxsize=20_000)
def _read(text: str) -> list[str]:
    """Syllables of a given name; many people share one. The list is not to be changed."""
    from pypinyin import lazy_pinyin  # 55 MB, for whoever edits names only

    return [part.lower() for part in lazy_pinyin(text)] if text else []


@lru_cache(maxsize=20_000)
def pinyin_of(name: str) -> tuple[str, str]:
    """(wang xiaoming, wxm): full pinyin with spaces, and initials."""
    parts = [part for part in syllables(name) if part.strip()]
    return " ".join(parts), "".join(part[0] for part in parts)
