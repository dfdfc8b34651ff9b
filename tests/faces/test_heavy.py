"""Heavy libraries load on first use: a process that only starts holds none of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "numpy", "scipy", "numba", "shapely", "pypinyin", "openpyxl", "docx", "lxml", "reportlab",
    "pypdfium2", "python_calamine", "chinese_calendar", "markdown_it",
)  # fmt: skip
START = {
    "console": "import anlan.faces.http.wsgi; from django.urls import get_resolver;"
    " get_resolver().url_patterns",
    "public": "import anlan.faces.http.wsgi; from django.urls import get_resolver;"
    " get_resolver().url_patterns",
    "live": "import anlan.faces.http.live",
    "worker": "import django; django.setup(); from anlan.faces import worker; worker.rounds(None)",
    "watchdog": "import anlan.faces.watchdog",
}
ASK = "; import sys; print(','.join(m for m in {heavy!r} if m in sys.modules))"


@pytest.mark.parametrize("role", START)
def test_a_process_that_only_started_holds_no_heavy_library(role: str, tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ANLAN_", "DATABASE_URL"))}
    done = subprocess.run(
        [sys.executable, "-c", START[role] + ASK.format(heavy=HEAVY)], capture_output=True,
        text=True, check=False, timeout=120,
        env=kept | {"ANLAN_ROLE": role, "ANLAN_HOME": str(tmp_path),
                    "DJANGO_SETTINGS_MODULE": "anlan.faces.settings"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "", f"{role} holds {done.stdout.strip()}"
