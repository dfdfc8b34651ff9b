"""Pictures of computed against exact for the cards: writes SVG files into docs/models/.

python -m bench.science_pictures
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.integrate import quad

from anlan.science.network import assign, clearance
from anlan.science.slopes import infinite_slope
from bench import science_network

PLACE = Path(__file__).resolve().parents[1] / "docs" / "models"
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 560, 320, 60, 44, 16, 16
INKS = ("#1c2b3a", "#a33a2c", "#4d7a6a")

Line = tuple[str, Any, Any, bool]


def _said(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def picture(name: str, across: str, up: str, lines: Sequence[Line]) -> None:
    """lines: (label, x, y, dots instead of a line)."""
    x = np.concatenate([np.asarray(line[1], float) for line in lines])
    y = np.concatenate([np.asarray(line[2], float) for line in lines])
    x1, y1 = float(x.max()), float(y.max()) * 1.05
    inner_w, inner_h = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def at(px: float, py: float) -> str:
        return f"{LEFT + px / x1 * inner_w:.1f},{HEIGHT - BOTTOM - py / y1 * inner_h:.1f}"

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12" fill="#1c2b3a">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        a, b = at(x1 * share, 0).split(","), at(0, y1 * share).split(",")
        out.append(f'<path d="M{LEFT},{b[1]}H{WIDTH - RIGHT}" stroke="#d8dee4"/>')
        out.append(
            f'<text x="{a[0]}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">'
            f"{_said(x1 * share)}</text>"
        )
        out.append(f'<text x="{LEFT - 6}" y="{b[1]}" text-anchor="end">{_said(y1 * share)}</text>')
    out.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end">{across}</text>')
    out.append(f'<text x="{LEFT + 6}" y="{TOP + 10}">{up}</text>')
    for number, (label, xs, ys, dots) in enumerate(lines):
        ink = INKS[number]
        points = [at(float(px), float(py)) for px, py in zip(xs, ys, strict=True)]
        if dots:
            for point in points:
                cx, cy = point.split(",")
                out.append(f'<circle cx="{cx}" cy="{cy}" r="3" fill="none" stroke="{ink}"/>')
        else:
            out.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{ink}"/>')
        out.append(
            f'<text x="{WIDTH - RIGHT - 6}" y="{HEIGHT - BOTTOM - 12 - 16 * number}" '
            f'text-anchor="end" fill="{ink}">{"○ " if dots else "— "}{label}</text>'
        )
    (PLACE / f"{name}.svg").write_text("\n".join([*out, "</svg>\n"]), encoding="utf-8")


def response() -> None:
    t = np.linspace(0.02, 10, 200)
    few = np.linspace(0.25, 10, 24)
    exact = [quad(lambda s: np.exp(-1 / s) / np.sqrt(np.pi * s) / 2, 0, end)[0] for end in few]
    lines = [
        ("R of the code", t, infinite_slope.response(t), False),
        ("its integral", few, exact, True),
    ]
    picture("slopes-infinite", "t*", "R(t*)", lines)


def arrivals() -> None:
    on, who = science_network.streets()
    found = clearance.clear(on, who)
    _, world = science_network.by_uxsim(on, who, 0)
    theirs = np.sort([v.arrival_time * world.DELTAT for v in world.VEHICLES.values()])
    ours = np.sort(found.arrive_s)
    out = np.arange(1, ours.size + 1) * clearance.PLATOON_VEHICLES
    pick = np.linspace(0, theirs.size - 1, 40).astype(int)
    lines = [
        ("this model", ours[::10], out[::10], False),
        ("UXsim, C++ mode", theirs[pick], (pick + 1) * clearance.PLATOON_VEHICLES, True),
    ]
    picture("network-clearance", "s", "vehicles out", lines)


def spare_beds() -> None:
    """How far above its bound a plan stands as beds get short."""
    spare, gap = [1.02, 1.03, 1.05, 1.08, 1.15, 1.3, 1.5], []
    of = science_network.county()
    for share in spare:
        beds = np.floor(of["beds"] / of["beds"].sum() * of["people"].sum() * share).astype(int)
        plan = assign.assign(assign.problem(**{**of, "beds": beds}))
        gap.append(plan.gap * 100)
    lines = [("280,000 households", (np.array(spare) - 1) * 100, gap, True)]
    picture("network-assignment", "spare beds, %", "over the bound, %", lines)


if __name__ == "__main__":
    response()
    arrivals()
    spare_beds()
