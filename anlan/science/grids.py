"""Grids in and out of files for the command line: ESRI ASCII and NumPy in, these and PNG out.

Other formats (GeoTIFF) are read where they are imported, not here.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anlan.science.errors import BadInput

BYTES_MAX = 2_000_000_000
HEADER_LINES_MAX = 6
KEYS = {"ncols", "nrows", "xllcorner", "yllcorner", "xllcenter", "yllcenter", "cellsize",
        "nodata_value"}  # fmt: skip


@dataclass(frozen=True)
class Grid:
    """values: (rows, columns), nan where no data, row 0 in the north; corner: south-west, in m."""

    values: NDArray[np.float64]
    cell_m: float
    west_m: float = 0.0
    south_m: float = 0.0


def read(path: Path, cell_m: float | None = None) -> Grid:
    """An .asc grid, or a .npy array with cell_m. Raises BadInput with line and mend."""
    if not path.is_file():
        raise BadInput("no-file", f"{path} is no file")
    if path.stat().st_size > BYTES_MAX:
        raise BadInput("too-large", f"{path} has more than {BYTES_MAX} bytes")
    if path.suffix == ".npy":
        if cell_m is None:
            raise BadInput("cell-size", f"{path}: an array carries no cell size: give --cell")
        return Grid(np.asarray(np.load(path, allow_pickle=False), float), cell_m)
    return _ascii(path)


def _ascii(path: Path) -> Grid:
    head: dict[str, float] = {}
    with path.open(encoding="ascii", errors="replace") as lines:
        at = lines.tell()
        for number in range(1, HEADER_LINES_MAX + 1):
            line = lines.readline()
            parts = line.split()
            if len(parts) != 2 or parts[0].lower() not in KEYS:
                lines.seek(at)
                break
            try:
                head[parts[0].lower()] = float(parts[1])
            except ValueError:
                raise BadInput("header", f"{path}:{number}: {parts[1]!r} is no number") from None
            at = lines.tell()
        missing = {"ncols", "nrows", "cellsize"} - head.keys()
        if missing:
            raise BadInput("header", f"{path}: no {', '.join(sorted(missing))} in the first lines")
        try:
            values = np.loadtxt(lines, dtype=np.float64, ndmin=2)
        except ValueError as error:
            raise BadInput("values", f"{path}: {error}") from None
    shape = int(head["nrows"]), int(head["ncols"])
    if values.size != shape[0] * shape[1]:
        raise BadInput("values", f"{path}: {values.size} values, the header says {shape}")
    values = values.reshape(shape)
    if "nodata_value" in head:
        values[values == head["nodata_value"]] = np.nan
    west = head.get("xllcorner", head.get("xllcenter", 0.0))
    return Grid(values, head["cellsize"], west, head.get("yllcorner", head.get("yllcenter", 0.0)))


def write(path: Path, grid: Grid, values: NDArray[np.float64]) -> None:
    """values as an ESRI ASCII grid at the place of `grid`, in millimetres of precision."""
    rows, columns = values.shape
    head = (
        f"ncols {columns}\nnrows {rows}\nxllcorner {grid.west_m}\nyllcorner {grid.south_m}\n"
        f"cellsize {grid.cell_m}\nNODATA_value -9999\n"
    )
    with path.open("w", encoding="ascii") as out:
        out.write(head)
        np.savetxt(out, np.where(np.isnan(values), -9999, values), fmt="%.3f")


def write_png(path: Path, rgb: NDArray[np.uint8]) -> None:
    """A picture, (rows, columns, 3), 8 bits a channel (PNG, ISO/IEC 15948)."""
    rows, columns, _ = rgb.shape
    raw = np.concatenate([np.zeros((rows, 1), np.uint8), rgb.reshape(rows, -1)], axis=1).tobytes()

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(raw, 6)), chunk(b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def depth_picture(
    shade: NDArray[np.uint8], depth_m: NDArray[np.float64], least_m: float = 0.05
) -> NDArray[np.uint8]:
    """Depth in blues over a hillshade: pale at least_m, dark at 3 m and over."""
    ground = np.repeat(shade[:, :, None], 3, axis=2).astype(float) * 0.6 + 100
    share = np.clip(np.log(np.maximum(depth_m, least_m) / least_m) / np.log(3 / least_m), 0, 1)
    pale, dark = np.array([198.0, 219, 239]), np.array([8.0, 48, 107])
    water = pale + (dark - pale) * share[:, :, None]
    return np.where((depth_m >= least_m)[:, :, None], water, ground).clip(0, 255).astype(np.uint8)
