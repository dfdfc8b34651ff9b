"""The command and the range over members: a valley from a file to grids and a picture."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from anlan.science import flood, grids
from anlan.science.__main__ import main, storms
from anlan.science.errors import BadInput
from anlan.science.inundation.sources import Rain


def valley(rows: int = 24, columns: int = 20) -> np.ndarray:
    y, x = np.mgrid[0:rows, 0:columns]
    return 300 + np.abs(x - columns / 2) * 2.0 - y * 0.2


@pytest.fixture
def dem(tmp_path: Path) -> Path:
    path = tmp_path / "谷 地.asc"
    grids.write(path, grids.Grid(valley(), 30.0, 100.0, 200.0), valley())
    return path


def test_a_grid_comes_back_as_it_was_written(dem: Path) -> None:
    grid = grids.read(dem)
    np.testing.assert_allclose(grid.values, valley(), atol=5e-4)
    assert (grid.cell_m, grid.west_m, grid.south_m) == (30.0, 100.0, 200.0)


def test_the_command_gives_grids_and_a_picture(dem: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    out = tmp_path / "out"
    asked = ["flood", str(dem), "--rain", "60/3h,40/1h", "--members", "4", "--processes", "1"]
    assert main([*asked, "--out", str(out), "--threshold", "0.2"]) == 0
    printed = capsys.readouterr()
    files = [Path(line) for line in printed.out.split("\n") if line]
    assert len(files) == 7 and all(path.exists() for path in files)
    half, nine = (grids.read(out / f"depth_p{q}_m.asc").values for q in (50, 90))
    chance = grids.read(out / "probability.asc").values
    assert (nine >= half).all() and half[20, 10] > half[20, 2]
    assert ((chance >= 0) & (chance <= 1)).all() and chance[20, 10] == 1
    arrival = grids.read(out / "arrival_middle_s.asc").values
    np.testing.assert_array_equal(np.isnan(arrival), chance == 0)
    assert (out / "depth.png").read_bytes().startswith(b"\x89PNG")
    assert "4 members" in printed.err


@pytest.mark.parametrize(
    ("text", "whole_mm"), [("254.6/24h,75.8/1h", 254.6), ("48/24h", 48.0), ("20a/3h", None)]
)
def test_storms_hold_what_was_said_of_them(text: str, whole_mm: float | None) -> None:
    for rain in storms(text, 3, seed=5):
        fallen = rain.total_m(1e9) * 1000
        assert fallen == pytest.approx(whole_mm) if whole_mm else fallen > 50


@pytest.mark.parametrize("rain", ["lots", "10/24h,20/1h,30/1h", "10/24h,75.8/1h", "99999a/3h"])
def test_a_storm_that_cannot_be_is_refused_with_exit_2(dem: Path, rain: str) -> None:
    assert main(["flood", str(dem), "--rain", rain]) == 2


@pytest.mark.parametrize(
    "content",
    ["", "ncols 3\n", "ncols 2\nnrows 2\ncellsize 30\n1 2 3\n", "ncols x\nnrows 2\n",
     "ncols 2\nnrows 2\ncellsize 30\n1 2\n3 x\n"],
)  # fmt: skip
def test_a_file_that_is_no_grid_says_what_is_wrong(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.asc"
    path.write_text(content)
    with pytest.raises(BadInput):
        grids.read(path)
    with pytest.raises(BadInput):
        grids.read(tmp_path / "none.asc")


def test_members_run_anywhere_say_the_same() -> None:
    rain = Rain(np.array([0.0, 3600.0]), np.array([50.0]))
    members = [flood.Member(rain, n) for n in (0.03, 0.05, 0.09)]
    alone = flood.run(valley(), 30.0, members, 1.5)
    with ThreadPoolExecutor(2) as pool:
        apart = flood.run(valley(), 30.0, members, 1.5, executor=pool)
    np.testing.assert_array_equal(alone.depth_p90_m, apart.depth_p90_m)
    np.testing.assert_array_equal(alone.probability, apart.probability)
    assert alone.worst_balance_error < 1e-12


def test_the_library_stands_alone_and_loads_fast() -> None:
    code = (
        "import sys, anlan.science.flood, anlan.science.runoff.reservoirs, "
        "anlan.science.terrain.waterways; "
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'django', 'psycopg', 'shapely'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
