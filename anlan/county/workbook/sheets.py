"""What the sheets are: names, columns, which of them must be filled, and what they mean.

Pure data. A row is known by its 编号 (digits: a row that is there; other text: a new row, to be
referred to by other sheets), else by its natural key (a unit's name, a post's place and title, a
person's name and number), so that the same file read twice changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

ROWS_MAX = 50_000
COLUMNS_MAX = 40
TEXT_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class Column:
    """One column. kind: key, code, text, int, float, day, moment, phone, yes, or a choice.

    needed: must be filled in a new row. field: the field of the record, or a part of a reference.
    """

    head: str
    field: str
    kind: str = "text"
    needed: bool = False
    chars: int = 100
    help: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its name, the kind of its records, and its columns in order."""

    name: str
    kind: str
    columns: tuple[Column, ...]
    note: str

    def column(self, field: str) -> Column:
        """The column of the field."""
        return next(column for column in self.columns if column.field == field)


ID = Column("编号", "key", "key", help="导出时已填；新增的留空，或写“新1”供别的表引用")
POST_REF = (
    Column("岗位编号", "post_key", "key", help="填了编号就按编号找"),
    Column("岗位区划代码", "post_division", "code"),
    Column("岗位", "post_title"),
)
PERSON_REF = (
    Column("人员编号", "person_key", "key"),
    Column("姓名", "person_name", chars=60),
)
DATED = (Column("自", "valid_from", "day"), Column("至", "valid_to", "day"))

SHEETS: tuple[Sheet, ...] = (
    Sheet("区划", "county.division", (
        Column("代码", "code", "code", needed=True, help="6、9 或 12 位"),
        Column("名称", "name", needed=True),
        Column("类型", "kind", needed=True, chars=20, help="县、街道、镇、乡、村、社区"),
        Column("上级代码", "parent", "code"),
        Column("人口", "population", "int"),
        Column("纬度", "label_lat", "float", help="WGS-84"),
        Column("经度", "label_lon", "float"),
        Column("来源", "source", chars=200, help="代码出自哪份文件；不填记文件名"),
    ), "乡镇级账号只读；县级可新增和修改"),
    Sheet("单位", "county.unit", (
        ID,
        Column("区划代码", "division", "code", needed=True),
        Column("名称", "name", needed=True),
        Column("类别", "kind", "unit_kind", help="单位或集合，不填为单位"),
        Column("顺序", "order", "int"),
        Column("停用日", "ended_on", "day"),
    ), "写上停用日即停用"),
    Sheet("别名", "county.unitalias", (
        ID, Column("单位", "unit", needed=True), Column("别名", "name", needed=True), *DATED,
    ), "文件里对单位的别的写法，自某日至某日"),
    Sheet("集合", "county.unitmember", (
        ID, Column("集合", "collective", needed=True), Column("成员单位", "member", needed=True),
        *DATED,
    ), "集合的成员单位，自某日至某日"),
    Sheet("人员", "county.person", (
        ID,
        Column("区划代码", "division", "code", needed=True),
        Column("姓名", "name", needed=True, chars=60),
        Column("号码", "phone", "phone", needed=True, help="文本；带 * 的表示不改"),
        Column("拼音", "pinyin", help="读法与字典不同的才填"),
        Column("离开时间", "ended_at", "moment"),
    ), "写上离开时间即办理离开"),
    Sheet("岗位", "county.post", (
        ID,
        Column("区划代码", "division", "code", needed=True),
        Column("岗位名称", "title", needed=True),
        Column("类型", "kind", "post_kind", needed=True),
        Column("单位", "unit"),
        Column("上级岗位编号", "superior_key", "key"),
        Column("上级岗位区划代码", "superior_division", "code"),
        Column("上级岗位", "superior_title"),
        Column("顺序", "order", "int"),
        Column("停用时间", "ended_at", "moment"),
    ), "写上停用时间即停用"),
    Sheet("任职", "county.holding", (
        ID, *POST_REF,
        Column("顺位", "rank", "int", help="0 任职，1 起为副职的先后；不填为 0"),
        *PERSON_REF,
        Column("自", "valid_from", "moment", help="不填为现在"),
        Column("至", "valid_to", "moment"),
    ), "换人：加一行新的，原来的自动到新的开始为止"),
    Sheet("排班", "county.rostershift", (
        ID, *POST_REF, *PERSON_REF,
        Column("开始", "starts_at", "moment", needed=True),
        Column("结束", "ends_at", "moment", needed=True),
        Column("取消", "cancelled", "yes", help="写“是”即取消这一班"),
    ), "值班的人先于任职的人被叫"),
)  # fmt: skip
BY_NAME = {sheet.name: sheet for sheet in SHEETS}
BY_KIND = {sheet.kind: sheet for sheet in SHEETS}
GUIDE = "说明"

# Heads of the division file that `anlan county new` has taken from the start.
OTHER_HEADS = {"code": "代码", "name": "名称", "kind": "类型", "parent": "上级代码", "lat": "纬度",
               "lon": "经度", "population": "人口", "source": "来源"}  # fmt: skip
