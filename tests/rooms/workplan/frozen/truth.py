"""How a row is written down once, with its truth beside it, and how the truth is put in JSON.

Notation (the truth is stated by hand; nothing here reads the text of a document):
units  "*牵头 配合|别名 @集体 ~等"   * lead, | alias, @ collective, ~ open end; a leading ^ : cell empty or merged,
       the units are those of the row above
name   "^名称"                      cell empty or merged, the name is that of the row above
q      "主体|op|值|单位|rel=2024;…"  a range is written 3..5; judged has neither value nor unit
due    "6月底|06-30"                text of the deadline cell | month-day (or a full date); no text: it stands in the row
"""


def number(text):
    value = float(text)
    return int(value) if value == int(value) else value


def quantities(source):
    out = []
    for part in [p for p in source.split(";") if p]:
        f = part.split("|") + ["", "", ""]
        subject, op, value, unit, extra = f[0], f[1], f[2], f[3], f[4]
        item = {"subject": subject, "op": op, "value": None, "unit": unit}
        if op == "range":
            low, high = value.split("..")
            item["value"], item["high"] = number(low), number(high)
        elif op != "judged":
            item["value"] = number(value)
        else:
            item["unit"] = None
        if extra.startswith("rel="):
            item["relative_to"] = int(extra[4:])
        out.append(item)
    return out


def units(source):
    out = []
    for token in source.lstrip("^").split():
        lead = token.startswith("*")
        token = token.lstrip("*")
        kind = "unit"
        if token[0] == "@":
            kind, token = "collective", token[1:]
        elif token[0] == "~":
            kind, token = "open", token[1:]
        name, _, alias = token.partition("|")
        out.append({"name": name, "alias": alias or None, "kind": kind, "lead": lead})
    return out


def joined(items):
    """The text of a units cell from its units, in the order given."""
    text = ""
    for u in items:
        if u["kind"] == "open":
            text += u["name"]
            continue
        if text:
            text += "，" if u["kind"] == "collective" else "、"
        text += u["name"] + ("（%s）" % u["alias"] if u["alias"] else "")
    return text


class R:
    """One row: what is printed and what is true."""

    def __init__(self, name, text, u="", q="", due="", **k):
        self.name_inherited = name.startswith("^")
        self.name = name.lstrip("^")
        self.text = text
        self.units_inherited = u.startswith("^")
        self.units = units(u)
        self.q = quantities(q)
        self.due_text, _, self.due = due.partition("|")
        self.k = k

    def cell(self, field, year):
        if field == "name":
            return self.name
        if field == "text":
            return self.text
        if field == "units":
            return self.k.get("ut") or joined(self.units)
        if field == "lead":
            return self.k.get("lt") or joined([x for x in self.units if x["lead"]])
        if field == "support":
            return self.k.get("st") or joined([x for x in self.units if not x["lead"]])
        if field == "due":
            return self.due_text
        return str(self.k.get(field, "") or "")

    def deadline(self, year):
        if not self.due:
            return "%d-12-31" % year
        return self.due if len(self.due) == 10 else "%d-%s" % (year, self.due)


class T:
    """A table: its title, its columns as ("抬头" or "上层/下层", field), its rows."""

    def __init__(self, title, cols, rows, caption="above", mark="%s", notes=(), bands=None, merge=(), total=None,
                 sheet=None, merged_title=False):
        self.title, self.cols, self.rows = title, cols, rows
        self.caption, self.mark, self.notes = caption, mark, list(notes)
        self.bands, self.merge, self.total = bands or {}, set(merge), total
        self.sheet, self.merged_title = sheet, merged_title

    @property
    def caption_text(self):
        return self.mark % self.title


def truth_of(doc):
    tables, doubts, optional, unnamed = [], [], [], []
    for n, t in enumerate(doc["tables"], 1):
        rows = []
        for i, r in enumerate(t.rows, 1):
            printed = r.k.get("no", i if any(f == "no" for _, f in t.cols) else None)
            row = {"row": i, "printed": int(printed) if printed else None, "name": r.name, "name_inherited": r.name_inherited,
                   "units": r.units, "units_inherited": r.units_inherited, "quantities": r.q,
                   "deadline": r.deadline(doc["year"])}
            if r.due_text:
                row["deadline_text"] = r.due_text
            if r.k.get("season"):
                row["deadline_open"] = True
            if r.k.get("oq"):
                row["quantities_optional"] = quantities(r.k["oq"])
            rows.append(row)
            if r.units_inherited:
                merged = "units" in t.merge or "lead" in t.merge
                (optional if merged else doubts).append({"code": "units-inherited", "table": n, "row": i, "point": None})
            if not any(x["lead"] for x in r.units):
                doubts.append({"code": "no-lead", "table": n, "row": i, "point": None})
            for about in r.k.get("odd", "").split(";"):
                if about:
                    unnamed.append({"about": about, "table": n, "row": i, "point": None})
        tables.append({"number": n, "title": t.title, "rows": rows})
    points = [{"number": i, "heading": h, "system": s} for i, (s, h, _) in enumerate(doc["points"], 1)]
    return {
        "refused": False,
        "document": {"title": doc["title"], "title_of_notice": doc.get("notice"), "number": doc.get("number"),
                     "issuer": doc.get("issuer"), "date": doc.get("date"), "year": doc["year"]},
        "points": points,
        "tables": tables,
        "doubts": doubts,
        "doubts_optional": optional,
        "doubts_without_a_named_code": unnamed,
    }


def grid(t, year, keep_spans=True):
    """The table as cells: a list of lines of (text, rowspan, colspan), None where another cell covers."""
    cols = t.cols
    two = any("/" in h for h, _ in cols)
    lines = []
    if two:
        top, low, i = [], [], 0
        while i < len(cols):
            head = cols[i][0]
            if "/" not in head:
                top.append((head, 2, 1))
                low.append(None)
                i += 1
                continue
            group, j = head.split("/")[0], i
            while j < len(cols) and cols[j][0].startswith(group + "/"):
                low.append((cols[j][0].split("/")[1], 1, 1))
                j += 1
            top.append((group, 1, j - i))
            top.extend([None] * (j - i - 1))
            i = j
        lines += [top, low]
    else:
        lines.append([(h, 1, 1) for h, _ in cols])
    heads = len(lines)
    number = 0
    starts = {}
    for i, r in enumerate(t.rows):
        if i in t.bands:
            lines.append([(t.bands[i], 1, len(cols))] + [None] * (len(cols) - 1))
            starts = {}
        number += 1
        line = []
        for c, (_, field) in enumerate(cols):
            text = str(r.k.get("no", number)) if field == "no" else r.cell(field, year)
            below = (field == "name" and r.name_inherited) or (
                field in ("units", "lead", "support") and r.units_inherited) or (
                field == "cat" and text.startswith("^"))
            if field == "name" and line and line[-1] == "ACROSS":
                line[-1] = (r.name, 1, 2)
                line.append(None)
                continue
            if field == "cat" and text == "-":
                line.append("ACROSS")
                continue
            if below and field in t.merge and keep_spans and c in starts:
                y, x = starts[c]
                old = lines[y][x]
                lines[y][x] = (old[0], old[1] + 1, old[2])
                line.append(None)
                continue
            if below:
                text = ""
            starts[c] = (len(lines), c)
            line.append((text, 1, 1))
        lines.append(line)
    if t.total:
        lines.append([(x, 1, 1) for x in t.total])
    return lines, heads


NUMERALS = "一二三四五六七八九十"


def cn(n):
    if n <= 10:
        return NUMERALS[n - 1]
    if n < 20:
        return "十" + NUMERALS[n - 11]
    return NUMERALS[n // 10 - 1] + "十" + (NUMERALS[n % 10 - 1] if n % 10 else "")


def point_lines(doc):
    """The prose before the tables: (style, text), style h for a section, p for a point, b for a plain line."""
    style, out = doc.get("points_style", "run"), []
    section, within, last = 0, 0, object()
    for i, (system, heading, text) in enumerate(doc["points"], 1):
        if system != last and system is not None:
            section, within, last = section + 1, 0, system
            out.append(("h", "%s、%s" % (cn(section), system)))
        within += 1
        if style == "run":
            out.append(("p", "（%s）%s。%s" % (cn(i), heading, text)))
        elif style == "restart":
            out.append(("p", "（%s）%s。%s" % (cn(within), heading, text)))
        elif style == "arabic":
            out.append(("p", "%d. %s。%s" % (within, heading, text)))
        elif style == "arabic-run":
            out.append(("p", "%d．%s。%s" % (i, heading, text)))
        else:
            out.append(("p", "%s、%s。%s" % (cn(i), heading, text)))
    return out
