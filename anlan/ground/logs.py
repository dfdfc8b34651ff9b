"""Log lines in UTC that no input can forge: one line an event, control and bidi marks cleaned."""

from __future__ import annotations

import logging
import time
import unicodedata


class UtcFormatter(logging.Formatter):
    """Times in UTC with offset; every event on one line, its traceback after it, bars between."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03d+00:00"

    def formatMessage(self, record: logging.LogRecord) -> str:
        line = super().formatMessage(record)
        return "".join(
            c if unicodedata.category(c)[0] not in "CZ" or c == " " else " " for c in line
        )

    def format(self, record: logging.LogRecord) -> str:
        return " | ".join(line.strip() for line in super().format(record).splitlines())
