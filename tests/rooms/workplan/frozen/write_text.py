"""Flattened text in three manners: a cell a line, cells by tabs, cells run together by lines."""
from truth import grid, point_lines


def plan(d):
    out = []
    for _, text in d["before"] + point_lines(d) + d["after_points"]:
        out.append(text)
        if d["flat"] == "cells":
            out.append("")
    for t in d["tables"]:
        out.append(t.caption_text)
        cells = [[c[0] if c else "" for c in row] for row in grid(t, d["year"], keep_spans=False)[0]]
        if d["flat"] == "cells":
            out.append("")
            for row in cells:
                out.extend("\t" + c for c in row)
                out.append("")
        elif d["flat"] == "tabs":
            out.extend("\t".join(row) for row in cells)
        else:
            for row in cells:
                out.extend(row)
        out.extend(t.notes)
        if d["flat"] == "cells":
            out.append("")
    out.extend(x for _, x in d["end"])
    ends = "\r\n" if d["flat"] != "lines" else "\n"
    return (ends.join(out) + ends).encode(d["encoding"])
