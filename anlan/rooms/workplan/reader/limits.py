"""What the reader takes at most, each with its unit, and the refusal that says so."""

from __future__ import annotations

BYTES_MAX = 20 * 1024 * 1024
LINES_MAX = 200_000
LINE_CHARS_MAX = 200_000
GRID_ROWS_MAX = 20_000
GRID_COLUMNS_MAX = 100
SPAN_MAX = 1_000
PAGES_MAX = 400
PAGE_LINES_MAX = 20_000
CELL_CHARS_MAX = 50_000
WALL_S = 4.7
BUSY_WALL_S = 60.0
BUSY_CPU_S = 1.5
BUSY_LOOK_S = 0.5
CPU_S = 5
MEMORY_BYTES_MAX = 1024 * 1024 * 1024
ANSWER_BYTES_MAX = 64 * 1024 * 1024


class PlanRefused(Exception):
    """The file is no plan, or cannot be read: code, message, place, mend."""

    def __init__(self, code: str, message: str, place: str, mend: str):
        super().__init__(f"{message}（{place}）")
        self.code, self.message, self.place, self.mend = code, message, place, mend

    def as_dict(self) -> dict[str, str]:
        return {
            "code": self.code,
            "message": self.message,
            "place": self.place,
            "mend": self.mend,
        }
