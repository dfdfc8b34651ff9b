"""Log lines in UTC that no input can forge: one line an event, control and bidi marks cleaned.

The token of a one-time or signed link opens something, so it never stands in a line either.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
import unicodedata
from contextvars import ContextVar

TOKENS = re.compile(r"((?:/first/(?:duty|setup)/|/[afh]/|[?&]token=))[^\s/?&\"'<>]+")
# The request that a line belongs to; empty outside of one.
request_id: ContextVar[str] = ContextVar("anlan_request_id", default="")
TOKEN_CHARS_KEPT = 4  # characters of a token that stay, so that a line can still be matched


def without_tokens(line: str) -> str:
    """The line with the tokens of links cut to their first characters."""
    return TOKENS.sub(lambda found: found[0][: len(found[1]) + TOKEN_CHARS_KEPT] + "…", line)


def _plain(line: str) -> str:
    """On one line, printable, without bidirectional and invisible marks, without tokens."""
    kept = (c if unicodedata.category(c)[0] not in "CZ" or c == " " else " " for c in line)
    return without_tokens("".join(kept))


class UtcFormatter(logging.Formatter):
    """Times in UTC with offset; every event on one line, its traceback after it, bars between."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03d+00:00"

    def formatMessage(self, record: logging.LogRecord) -> str:
        line = super().formatMessage(record)
        return _plain(line)

    def format(self, record: logging.LogRecord) -> str:
        return " | ".join(_plain(line.strip()) for line in super().format(record).splitlines())


class JsonFormatter(UtcFormatter):
    """The same line as one JSON object, for a site that gathers its logs elsewhere."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": self.formatTime(record), "level": record.levelname, "logger": record.name,
            "process": os.environ.get("ANLAN_CHILD") or os.environ.get("ANLAN_ROLE", ""),
            "request": request_id.get(), "message": _plain(record.getMessage()),
        }  # fmt: skip
        if record.exc_info:
            lines = self.formatException(record.exc_info).splitlines()
            told["error"] = " | ".join(_plain(line.strip()) for line in lines)
        return json.dumps({k: v for k, v in told.items() if v}, ensure_ascii=False)


def chosen(fmt: str) -> logging.Formatter:
    """The county's formatter: lines for people, or JSON where `ANLAN_LOG` says `json`."""
    return (JsonFormatter if os.environ.get("ANLAN_LOG") == "json" else UtcFormatter)(fmt)
