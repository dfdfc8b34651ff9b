"""Six more plans of invented counties in layouts that counties do publish, each with its truth.

Written from the structure of published task lists (quarterly milestones beside the year's target,
an assessment table of three levels of indicators, tasks as paragraphs with the units in brackets, a
matrix with units across, three levels of heads with a beginning and an end, tables continued over a
page with a leader's name beside the unit). All names and figures are invented. The truth stands
beside each row and nothing reads it out of a document.

    python make_documents.py     # writes the documents and their truth into this folder
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "frozen"))

from stable import rezip  # noqa: E402
from truth import quantities, units  # noqa: E402

Row = dict[str, Any]


def row(name: str, who: str, q: str = "", due: str = "", open_: bool = False, **more: Any) -> Row:
    """name and who begin with ^ where their cell is empty or merged with the one above."""
    return {
        "name": name.lstrip("^"), "name_inherited": name.startswith("^"),
        "units": units(who), "units_inherited": who.startswith("^"), "quantities": quantities(q),
        "deadline": due, "deadline_open": open_, "quantities_optional": [], "printed": None,
    } | more  # fmt: skip


def truth(file: str, head: dict[str, Any], tables: list[tuple[str, list[Row]]]) -> None:
    year = head["year"]
    found = {
        "file": file, "refused": False,
        "document": {"title": None, "title_of_notice": None, "number": None, "issuer": None,
                     "date": None} | head,
        "points": [], "doubts": [],
        "tables": [
            {"number": n, "title": title,
             "rows": [own | {"row": at, "deadline": own["deadline"] or f"{year}-12-31"}
                      for at, own in enumerate(rows, 1)]}
            for n, (title, rows) in enumerate(tables, 1)
        ],
    }  # fmt: skip
    text = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
    (HERE / f"{Path(file).stem}.truth.json").write_text(text, encoding="utf-8")


def s01() -> None:
    """HTML as an office program saves it: quarters' milestones between target and units."""
    head = ["序号", "重点任务", "年度目标", "季度进度安排", "责任单位", "责任领导"]
    rows = [
        (["1", "公路安全防护", "完成农村公路护栏60公里，治理事故多发点段8处。", "启动", "完成20公里",
          "完成45公里", "完成60公里", "县交通运输局（牵头）、县公安局", "王某某"],
         row("公路安全防护", "*县交通运输局 县公安局", "农村公路护栏|>=|60|公里;事故多发点段|>=|8|处")),
        (["2", "渡口渡船管理", "12处渡口视频监控全覆盖。", "摸底", "完成6处", "完成12处", "巩固",
          "县交通运输局（牵头）、沿江乡镇", "王某某"],
         row("渡口渡船管理", "*县交通运输局 @沿江乡镇", "渡口视频监控|>=|100|%",
             quantities_optional=[{"subject": "渡口", "op": ">=", "value": 12, "unit": "处"}])),
        (["3", "危化企业达标", "标准化达标率达到85％以上。", "30％", "50％", "70％", "85％",
          "县应急管理局（牵头）、县经济和信息化局", "李某某"],
         row("危化企业达标", "*县应急管理局 县经济和信息化局", "标准化达标率|>=|85|%")),
        (["4", "高层建筑消防", "排查高层建筑142栋，消防设施完好率不低于90%。", "排查", "整改", "整改", "验收",
          "县消防救援大队（牵头）、县住房和城乡建设局、各街道", "张某某"],
         row("高层建筑消防", "*县消防救援大队 县住房和城乡建设局 @各街道",
             "高层建筑|>=|142|栋;消防设施完好率|>=|90|%")),
        (["5", "地灾隐患治理", "实施地质灾害治理工程3处、避险搬迁25户。", "立项", "开工", "推进", "完工",
          "县自然资源和规划局（牵头）、有关乡镇", "赵某某"],
         row("地灾隐患治理", "*县自然资源和规划局 @有关乡镇",
             "地质灾害治理工程|>=|3|处;避险搬迁|>=|25|户")),
    ]  # fmt: skip
    quarters = ["一季度", "二季度", "三季度", "四季度"]
    top = "".join(
        f'<td colspan="4">{h}</td>' if h == "季度进度安排" else f'<td rowspan="2">{h}</td>'
        for h in head
    )
    body = "".join(
        "<tr>" + "".join(f"<td><p class=MsoNormal>{c}<o:p></o:p></p></td>" for c in cells) + "</tr>"
        for cells, _t in rows
    )
    page = (
        "<html xmlns:o='urn:schemas-microsoft-com:office:office'><head><meta charset='utf-8'>"
        "<title>信息公开</title></head><body><div class='nav'><a>首页</a>|<a>政务公开</a></div>"
        "<p style='text-align:center'>江浦县2025年安全生产重点任务推进表</p>"
        f"<table><tr>{top}</tr><tr>{''.join(f'<td>{q}</td>' for q in quarters)}</tr>{body}</table>"
        "<p>注：各单位每季度末报送进度。</p><div>版权所有 江浦县人民政府办公室</div></body></html>"
    )
    (HERE / "s01-jiangpu-2025.html").write_text(page, encoding="utf-8")
    truth("s01-jiangpu-2025.html",
          {"title": "江浦县2025年安全生产重点任务推进表", "year": 2025},
          [("江浦县2025年安全生产重点任务推进表", [own for _c, own in rows])])  # fmt: skip


def s02() -> None:
    """XLSX: an assessment table, three levels of indicators merged down, weights, a filing line."""
    import io

    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "考核细则"
    lines = [
        (
            "风险防控",
            "事故控制",
            "生产安全事故死亡人数",
            "较上年下降5%",
            "全年",
            "县应急管理局",
            10,
        ),
        ("", "", "较大事故", "零发生", "全年", "", 10),
        ("", "隐患治理", "重大事故隐患按期整改率", "100%", "12月底", "县级行业主管部门", 8),
        ("防汛抗旱", "汛前准备", "病险水库除险加固", "≥2座", "汛前", "县水利局、县财政局", 6),
        ("", "", "山洪灾害预警设备完好率", "≥98%", "4月30日前", "县水利局", 6),
        ("", "", "公路水毁隐患点处置", "≥15处", "汛前", "县交通运输局、有关乡镇", 6),
        (
            "应急能力",
            "队伍建设",
            "乡镇应急队伍训练",
            "每季度不少于1次",
            "全年",
            "各乡镇人民政府",
            5,
        ),
        ("", "", "综合演练", "≥2场次", "9月底", "县应急管理局、县消防救援大队", 5),
    ]
    sheet.append(["松岭县2026年度应急管理目标考核细则"])
    sheet.append(["填报单位：县安委会办公室", "", "", "", "", "", "2026年2月10日"])
    sheet.append(
        ["一级指标", "二级指标", "三级指标", "目标值", "完成时限", "责任单位", "权重（分）"]
    )
    for line in lines:
        sheet.append([cell if cell != "" else None for cell in line])
    sheet.append(["合计", None, None, None, None, None, 56])
    sheet.append(["备注：1.目标值以县统计局核定数为准；2.本细则由县安委会办公室负责解释。"])
    for area in ("A1:G1", "A4:A6", "A7:A9", "A10:A11", "B4:B5", "B7:B9", "B10:B11", "F4:F5",
                 "A12:F12", "A13:G13"):  # fmt: skip
        sheet.merge_cells(area)
    out = io.BytesIO()
    book.save(out)
    (HERE / "s02-songling-2026.xlsx").write_bytes(rezip(out.getvalue()))
    truth("s02-songling-2026.xlsx",
          {"title": "松岭县2026年度应急管理目标考核细则", "year": 2026},
          [("松岭县2026年度应急管理目标考核细则", [
              row("生产安全事故死亡人数", "*县应急管理局", "死亡人数|<=|-5|%|rel=2025"),
              row("较大事故", "^*县应急管理局", "较大事故|<=|0|"),
              row("重大事故隐患按期整改率", "@县级行业主管部门", "整改率|>=|100|%", "2026-12-31"),
              row("病险水库除险加固", "*县水利局 县财政局", "除险加固|>=|2|座", "2026-04-30", True),
              row("山洪灾害预警设备完好率", "*县水利局", "完好率|>=|98|%", "2026-04-30"),
              row("公路水毁隐患点处置", "*县交通运输局 @有关乡镇", "处置|>=|15|处", "2026-04-30", True),
              row("乡镇应急队伍训练", "@各乡镇人民政府", "训练|>=|1|次/季度"),
              row("综合演练", "*县应急管理局 县消防救援大队", "演练|>=|2|场次", "2026-09-30"),
          ])])  # fmt: skip


def s03() -> None:
    """DOCX: three levels of heads, a beginning and an end, units merged down, captions below."""
    import io

    from docx import Document

    paper = Document()
    paper.add_paragraph("云溪县人民政府办公室关于印发2025年防灾减灾救灾重点任务清单的通知")
    paper.add_paragraph("云溪府办〔2025〕11号")
    paper.add_paragraph("各乡镇人民政府、各街道办事处，县政府有关部门：")
    paper.add_paragraph("现将《2025年防灾减灾救灾重点任务清单》印发给你们，请认真抓好落实。")
    paper.add_paragraph("云溪县人民政府办公室")
    paper.add_paragraph("2025年2月18日")
    top = ["序号", "任务内容", "", "责任分工", "", "", "时间安排", ""]
    middle = ["", "任务名称", "具体要求", "牵头", "", "配合单位", "开始", "完成"]
    low = ["", "", "", "单位", "领导", "", "", ""]
    body = [
        ["1", "河道清障", "清理碍洪建筑物9处，疏浚河道4.5公里。", "县水利局", "副县长甲", "县交通运输局、沿河乡镇",
         "2月", "汛前"],
        ["2", "桥涵排险", "排查桥涵126座，完成加固11座。", "县交通运输局", "副县长乙", "县水利局", "3月", "5月底"],
        ["3", "水毁修复储备", "储备钢架桥2套、抢险机械30台。", "", "", "县应急管理局", "3月", "4月底"],
        ["4", "预警到户", "预警信息到户率达到百分之百。", "县气象局", "副县长甲", "各乡镇（街道）", "4月", "长期"],
        ["5", "避难场所", "新建应急避难场所不少于3处，人均有效面积不低于1.5平方米。", "县应急管理局", "副县长丙",
         "县住房城乡建设局、县教育局", "5月", "11月30日"],
    ]  # fmt: skip
    lines = [top, middle, low, *body]
    table = paper.add_table(len(lines), 8)
    for y, line in enumerate(lines):
        for x, text in enumerate(line):
            table.cell(y, x).text = text
    merges = [(0, 1, 0, 2), (0, 3, 0, 5), (0, 6, 0, 7), (1, 3, 1, 4), (0, 0, 2, 0), (1, 1, 2, 1),
              (1, 2, 2, 2), (1, 5, 2, 5), (1, 6, 2, 6), (1, 7, 2, 7), (4, 3, 5, 3), (4, 4, 5, 4)]  # fmt: skip
    for y0, x0, y1, x1 in merges:
        text = table.cell(y0, x0).text
        table.cell(y0, x0).merge(table.cell(y1, x1)).text = text
    paper.add_paragraph("表1　防灾减灾救灾重点任务清单")
    paper.add_paragraph("注：完成时间为最后期限。")
    out = io.BytesIO()
    paper.save(out)
    (HERE / "s03-yunxi-2025.docx").write_bytes(rezip(out.getvalue()))
    truth("s03-yunxi-2025.docx",
          {"title": "2025年防灾减灾救灾重点任务清单",
           "title_of_notice": "关于印发2025年防灾减灾救灾重点任务清单的通知",
           "number": "云溪府办〔2025〕11号", "issuer": "云溪县人民政府办公室", "date": "2025-02-18",
           "year": 2025},
          [("防灾减灾救灾重点任务清单", [
              row("河道清障", "*县水利局 县交通运输局 @沿河乡镇", "碍洪建筑物|>=|9|处;河道|>=|4.5|公里",
                  "2025-04-30", True),
              row("桥涵排险", "*县交通运输局 县水利局", "桥涵|>=|126|座;加固|>=|11|座", "2025-05-31"),
              row("水毁修复储备", "^*县交通运输局 县应急管理局", "钢架桥|>=|2|套;抢险机械|>=|30|台",
                  "2025-04-30"),
              row("预警到户", "*县气象局 @各乡镇（街道）", "到户率|>=|100|%"),
              row("避难场所", "*县应急管理局 县住房城乡建设局 县教育局",
                  "应急避难场所|>=|3|处;人均有效面积|>=|1.5|平方米", "2025-11-30"),
          ])])  # fmt: skip


def s04() -> None:
    """DOCX without any table: tasks as numbered paragraphs, units and time in brackets behind."""
    import io

    from docx import Document

    paper = Document()
    paper.add_heading("桐江县2025年道路交通安全工作要点", 0)
    for line in (
        "一、压实责任",
        "1．健全议事机制。县道安委全年召开会议不少于4次。（牵头单位：县公安局；责任单位：县交通运输局、各乡镇；完成时限：12月底前）",
        "2．建强乡镇劝导站。建成标准化劝导站35个，劝导员培训率达到100%。（牵头单位：县公安局；责任单位：各乡镇；完成时限：6月底前）",
        "二、治理隐患",
        "3．整治重点路段。完成临水临崖路段防护栏安装28公里。（牵头单位：县交通运输局；责任单位：县公安局；完成时限：汛前）",
        "4．管住重点车辆。客运车辆动态监控上线率不低于99%。（牵头单位：县交通运输局；责任单位：县公安局、县文化和旅游局）",
        "5．清理变型拖拉机。变型拖拉机全部清零。（牵头单位：县农业农村局；责任单位：县公安局；完成时限：9月底前）",
    ):
        paper.add_paragraph(line)
    out = io.BytesIO()
    paper.save(out)
    (HERE / "s04-tongjiang-2025.docx").write_bytes(rezip(out.getvalue()))
    truth("s04-tongjiang-2025.docx", {"title": "桐江县2025年道路交通安全工作要点", "year": 2025},
          [("桐江县2025年道路交通安全工作要点", [
              row("健全议事机制", "*县公安局 县交通运输局 @各乡镇", "会议|>=|4|次", "2025-12-31"),
              row("建强乡镇劝导站", "*县公安局 @各乡镇", "劝导站|>=|35|个;培训率|>=|100|%",
                  "2025-06-30"),
              row("整治重点路段", "*县交通运输局 县公安局", "防护栏安装|>=|28|公里", "2025-04-30", True),
              row("管住重点车辆", "*县交通运输局 县公安局 县文化和旅游局", "上线率|>=|99|%"),
              row("清理变型拖拉机", "*县农业农村局 县公安局", "变型拖拉机|<=|0|", "2025-09-30"),
          ])])  # fmt: skip


def s05() -> None:
    """HTML: a matrix, units across, ● leads and △ supports."""
    across = ["县应急管理局", "县公安局", "县交通运输局", "县水利局", "县教育局"]
    rows = [
        ("烟花爆竹专项整治", "取缔非法经营点20个。", "●△　　　", "6月底",
         row("烟花爆竹专项整治", "*县应急管理局 县公安局", "非法经营点|>=|20|个", "2025-06-30")),
        ("校车安全", "校车检验合格率100%。", "　△△　●", "8月底",
         row("校车安全", "*县教育局 县公安局 县交通运输局", "合格率|>=|100|%", "2025-08-31")),
        ("涉水道路防护", "安装防护设施16公里。", "　△●△　", "汛前",
         row("涉水道路防护", "*县交通运输局 县公安局 县水利局", "防护设施|>=|16|公里", "2025-04-30", True)),
        ("防溺水", "危险水域警示牌设置不少于300块。", "△　　●△", "5月底",
         row("防溺水", "*县水利局 县应急管理局 县教育局", "警示牌|>=|300|块", "2025-05-31")),
    ]  # fmt: skip
    top = "".join(f"<th rowspan='2'>{h}</th>" for h in ("序号", "任务", "目标"))
    top += f"<th colspan='{len(across)}'>责任单位</th><th rowspan='2'>时限</th>"
    body = "".join(
        f"<tr><td>{n}</td><td>{name}</td><td>{goal}</td>"
        + "".join(f"<td>{'' if mark == '　' else mark}</td>" for mark in marks)
        + f"<td>{due}</td></tr>"
        for n, (name, goal, marks, due, _t) in enumerate(rows, 1)
    )
    page = (
        "<!DOCTYPE html><html><head><meta charset='utf-8'></head><body>"
        "<h2>青石县2025年安全生产专项整治任务分解表</h2>"
        f"<table><thead><tr>{top}</tr><tr>{''.join(f'<th>{u}</th>' for u in across)}</tr></thead>"
        f"<tbody>{body}</tbody></table><p>说明：●为牵头单位，△为配合单位。</p></body></html>"
    )
    (HERE / "s05-qingshi-2025.html").write_text(page, encoding="utf-8")
    truth("s05-qingshi-2025.html",
          {"title": "青石县2025年安全生产专项整治任务分解表", "year": 2025},
          [("青石县2025年安全生产专项整治任务分解表", [own for *_r, own in rows])])  # fmt: skip


def s06() -> None:
    """Text as copied from a page: spaces between columns, lines broken within cells, two tables."""
    text = """龙亭县2026年安全生产和消防工作要点任务分工

附件1  安全生产任务
序号    工作任务          目标要求                            牵头单位        配合单位          完成时间
1       矿山安全          关闭退出小矿山2座                   县应急管理局    县公安局          10月底前
2       工贸企业          粉尘涉爆企业整治率100%              县应急管理局    县经济信息委      6月底前
3       道路运输          淘汰老旧客车18辆                    县交通运输委    县公安局          上半年
4       水上交通          渡船更新改造6艘                     县交通运输委    沿河乡镇          汛前

附件2  消防工作任务
序号    工作任务          目标要求                            牵头单位        配合单位          完成时间
1       消防水源          新建市政消火栓50个                  县水务局        县消防救援局      9月底前
2       微型消防站        规范化建设微型消防站不少于24个      县消防救援局    各镇街            11月底前
"""
    (HERE / "s06-longting-2026.txt").write_text(text, encoding="utf-8")
    truth("s06-longting-2026.txt",
          {"title": "龙亭县2026年安全生产和消防工作要点任务分工", "year": 2026},
          [("安全生产任务", [
              row("矿山安全", "*县应急管理局 县公安局", "小矿山|>=|2|座", "2026-10-31"),
              row("工贸企业", "*县应急管理局 县经济信息委", "整治率|>=|100|%", "2026-06-30"),
              row("道路运输", "*县交通运输委 县公安局", "老旧客车|>=|18|辆", "2026-06-30"),
              row("水上交通", "*县交通运输委 @沿河乡镇", "渡船更新改造|>=|6|艘", "2026-04-30", True),
          ]), ("消防工作任务", [
              row("消防水源", "*县水务局 县消防救援局", "市政消火栓|>=|50|个", "2026-09-30"),
              row("微型消防站", "*县消防救援局 @各镇街", "微型消防站|>=|24|个", "2026-11-30"),
          ])])  # fmt: skip


if __name__ == "__main__":
    for make in (s01, s02, s03, s04, s05, s06):
        make()
