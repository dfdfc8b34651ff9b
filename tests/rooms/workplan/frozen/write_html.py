"""Web pages as counties' sites give them: nested boxes, hard spaces, spans, breaks in cells."""
import html

from truth import grid, point_lines

NB = "&nbsp;"


def esc(text):
    return html.escape(text, quote=False).replace("　", NB * 2)


def paragraph(kind, text):
    inner = esc(text)
    if kind == "c":
        return '<p style="text-align:center;"><span style="font-size:22px;"><strong>%s</strong></span></p>' % inner
    if kind == "r":
        return '<p style="text-align:right;"><span>%s</span>%s</p>' % (inner, NB * 4)
    if kind == "h":
        return '<p style="text-indent:2em;"><b>%s</b></p>' % inner
    return '<p style="text-indent:2em;"><span style="font-family:仿宋;"><span>%s</span></span></p>' % (NB * 4 + inner)


def table(t, year, sections):
    cells, heads = grid(t, year)
    out = ['<div class="table-wrap"><div><table border="1" cellspacing="0" width="100%">']
    if sections and t.caption == "above":
        out.append("<caption>%s</caption>" % esc(t.caption_text))
    for y, row in enumerate(cells):
        if sections and y == 0:
            out.append("<thead>")
        if sections and y == heads:
            out.append("</thead><tbody>")
        out.append("<tr>")
        for x, cell in enumerate(row):
            if cell is None:
                continue
            text, down, across = cell
            tag = "th" if sections and y < heads else "td"
            span = (' rowspan="%d"' % down if down > 1 else "") + (' colspan="%d"' % across if across > 1 else "")
            inner = esc(text) or NB
            if t.cols[x][1] == "text" and y >= heads:
                inner = inner.replace("；", "；<br/>").replace("，", "，<wbr>", 1)
            if t.cols[x][1] == "name" and y < heads:
                inner = inner[:1] + NB * 2 + inner[1:] if len(inner) == 2 else inner
            out.append("<%s%s><p><span>%s</span></p></%s>" % (tag, span, inner, tag))
        out.append("</tr>")
    if sections:
        out.append("</tbody>")
    out.append("</table></div></div>")
    return "\n".join(out)


def wrap(title, body, county):
    return ("""<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<title>%s_%s人民政府</title>
<style>.nav a{margin:0 8px} td,th{border:1px solid #000}</style>
<script>var page = {"id": 20250, "views": 118};</script>
</head>
<body>
<div class="top"><div class="nav"><a href="#">首页</a><a href="#">政务公开</a><a href="#">政务服务</a><a href="#">互动交流</a></div>
<div class="crumb">当前位置：首页&nbsp;&gt;&nbsp;政务公开&nbsp;&gt;&nbsp;法定主动公开内容&nbsp;&gt;&nbsp;规划计划</div></div>
<div class="main"><div class="content"><div id="zoom"><div class="view">
%s
</div></div></div></div>
<div class="foot"><p>主办：%s人民政府办公室&nbsp;&nbsp;网站标识码：5000000099&nbsp;&nbsp;公安备案号：50000000000001</p></div>
</body>
</html>
""" % (esc(title), county, body, county)).encode("utf-8")


def plan(d):
    sections = d["name"].startswith("p11")
    out = [paragraph(s, x) for s, x in d["before"] + point_lines(d) + d["after_points"]]
    for t in d["tables"]:
        if t.caption == "above" and not sections:
            out.append(paragraph("c", t.caption_text))
        out.append(table(t, d["year"], sections))
        if t.caption == "below":
            out.append(paragraph("c", t.caption_text))
        out.extend("<p>%s</p>" % esc(x) for x in t.notes)
    out.extend("<p>%s</p>" % esc(x) for _, x in d["end"])
    return wrap(d["title"], "\n".join(out), d["name"] == "p10-cangping-2025" and "沧屏县" or "柳堰县")


def other(d):
    out = [paragraph("c", d["title"])] + [paragraph("b", x) for x in d["lines"]]
    out.append("<table>" + "".join("<tr>%s</tr>" % "".join("<td>%s</td>" % esc(c) for c in row) for row in d["table"]) + "</table>")
    return wrap(d["title"], "\n".join(out), "沧屏县")
