"""Words of comparison, doing and scope in Chinese administrative prose, as patterns.

What flows in and out is nothing but patterns: `figures` and `quantities` read with them.
"""

from __future__ import annotations

import re

from anlan.rooms.workplan.reader.measures import MEASURE
from anlan.rooms.workplan.reader.numerals import CHARS

DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+)(?:\.\d+)?"
CHINESE = rf"[{CHARS}]+(?:点[{CHARS}]+)?"
ABOUT = "[余多来]?"
DASH = r"\s*(?:[—\-–~～至到]|——)\s*"
NOT_IN_WORD = r"(?<![A-Za-z\d.+×·/〔第号#])"
NUMBER = re.compile(
    rf"(?P<percent>百分之(?P<pnum>{DIGITS}|{CHINESE}))"
    rf"|{NOT_IN_WORD}(?<![∶:：])(?P<left>\d{{1,4}})\s*[∶:：]\s*(?P<right>\d+(?:\.\d+)?)(?![\d:：])(?!\s*{MEASURE})"
    rf"|{NOT_IN_WORD}(?P<low>{DIGITS})(?P<lowunit>{MEASURE})?{DASH}(?P<high>{DIGITS})\s?{ABOUT}(?P<hunit>{MEASURE})"
    rf"|{NOT_IN_WORD}(?<![∶:：])(?P<num>{DIGITS})\s?{ABOUT}(?P<unit>{MEASURE})"
    rf"|(?P<zhlow>[一二两三四五六七八九])(?:至|到)(?P<zhhigh>[二两三四五六七八九十])(?P<zhhunit>{MEASURE})"
    rf"|(?<![{CHARS}第“])(?P<zh>{CHINESE})(?P<zhunit>{MEASURE})"
    rf"|(?<=[\u4e00-\u9fff）])(?P<free>{DIGITS})(?P<freeunit>(?![年月日号级岁度届时条款章节点版期第类后前内])[\u4e00-\u9fff])(?=[，。；、）]|$)"
    rf"|{NOT_IN_WORD}(?<![∶:：])(?P<bare>{DIGITS})(?![\d.A-Za-z年月日号〕+×:：∶/级类条])"
)
LE = ("不得超过", "不能超过", "不超过", "不超出", "不得高于", "不高于", "不多于", "不得多于", "不大于", "不得大于",
      "控制在", "控制到", "压减到", "压减至", "压降到", "压降至", "压缩到", "压缩至", "下降到", "下降至", "降低到",
      "降低至", "减少到", "减少至", "缩短到", "缩短至", "缩短为", "降到", "降至", "小于等于", "小于或等于", "≤", "⩽",
      "<=", "最多", "至多", "最长")  # fmt: skip
LT = ("低于", "小于", "少于", "不足", "不到", "<")
GE = ("不得少于", "不少于", "不得低于", "不低于", "不得小于", "不小于", "不下于", "至少", "达到", "达", "保持在", "保持",
      "稳定在", "维持在", "大于等于", "大于或等于", "≥", "⩾", ">=", "提高到", "提高至", "提升到", "提升至",
      "增加到", "增加至", "上升到", "上升至", "升至", "扩大到", "扩大至", "最少", "为", "均为", "是")  # fmt: skip
GT = ("高于", "大于", "超过", "多于", "突破", ">")
EQ = ("等于", "=")
BEFORE = {
    word: op
    for op, words in (("<=", LE), ("<", LT), (">=", GE), (">", GT), ("=", EQ))
    for word in words
}
BEFORE_END = re.compile(
    "(?P<word>"
    + "|".join(map(re.escape, sorted(BEFORE, key=len, reverse=True)))
    + r")[的在到：:\s（(]*$"
)
FAR = re.compile(
    "(?P<word>"
    + "|".join(
        sorted(
            (*[w for w in LE if len(w) > 1], *[w for w in GE if len(w) > 2 or w in ("至少",)]),
            key=len,
            reverse=True,
        )
    )
    + r")(?:[^，。；：、\d]{0,16})$"
)
AFTER = re.compile(
    r"(?:\s|（含）|\(含\))*(?P<word>(?:及|或|\(含\)|（含）)?以上|(?:及|或)?以[内下]|之内|内(?![容部涵外的业涝河陆控地])|封顶)"
)
AFTER_OPS = {"上": ">=", "内": "<=", "下": "<=", "顶": "<="}
RELATIVE = re.compile(
    r"(?P<base>(?:较|比|同|与)?(?P<year>20\d{2})年(?:度)?(?:同期|均值|平均)?(?:相比)?|(?:较|比)(?P<last>上年|去年|上一年|上年度|上一年度)(?:度)?(?:同期)?|"
    r"(?:较|比)[^，。；\d]{0,10}?(?:同期|均值|平均值|平均数|基数)|(?P<yoy>同比|年均|环比|逐年)[^，。；\d]{0,6}?)?"
    r"[^，。；\d较比]{0,10}?(?P<way>下降|减少|降低|压降|压减|缩短|下浮|降幅|上升|增长|提高|提升|增加|增幅)"
    r"(?:幅度)?(?P<mod>[^，。；、\d到至]{0,4})$"
)
FALLS = {"下降", "减少", "降低", "压降", "压减", "缩短", "下浮", "降幅"}
PERIOD = re.compile(r"每(?:个)?(?P<per>半年|两年|三年|半月|学期|季度|季|年度|年|月|周|日|天|旬)")
DOING = (
    "完成|新建|改建|扩建|建成|建好|建设|建立|创建|打造|购置|新购|购买|配备|配齐|配置|更新|更换|新增|增加|增设|增配|培训|轮训|"
    "组织|开展|举办|安装|装配|布设|改造|整治|治理|整改|修复|加固|搬迁|转移|排查|检查|抽查|执法|命名|评选|培育|组建|储备|"
    "发放|印发|编制|修订|制定|出台|召开|拍摄|推送|发布|实施|落实|推进|推动|设立|设置|打通|疏通|清淤|清理|淘汰|关闭|取缔|拆除|查处|"
    "办理|投入|投保|覆盖|纳入|征集|曝光|开设|开通|建造|补充|补齐|订购|采购|新改建|新改扩建|维修|更新改造|演练|巡查|暗访|督查|督导|"
    "报送|通报|约谈|挂牌|销号|化解|消除|选派|派驻|聘用|招录|招聘|充实|认定|验收|评估|鉴定|监测|联合|参加|宣讲|走进|"
    "进行|研判|会商|调度|述职|学习|研究|听取|部署|带队|发现|改建|提升"
)
DONE = re.compile(rf"(?:{DOING})(?:了|的|好|不少于|至少|约|共)?$")
FACT = re.compile(
    r"(?:现有|共有|已有|原有|现存|已建成?|已完成|截至|截止|目前|累计已|辖区?(?:内)?|下辖|所辖|[我全][县区市](?:范围内)?(?:现)?(?:的)?)$"
)
HARM = re.compile(
    r"(?:死亡|亡人|受害|漏损|故障|困人|发生|超标|逾期|违法|投诉|溺[水亡]|漏报|迟报|误报|失联|损失|伤亡|受伤|事故|火灾|火警)"
    r"(?:率|人数|起数|总数|总量|次数|件数|数)?$"
)
HARM_NEAR = re.compile(r"死亡|亡人|伤亡|事故|火灾|火警")
SCOPE_NOUN_OK = re.compile(r"^的?(?:目标|要求|标准|任务|水平|比例)")
PERCENT_NEVER_SCOPE = {"%", "‰"}
COVERS = re.compile(r"全覆盖|覆盖所有|覆盖全部|全面覆盖|应(.{1,2}?)尽\1")
CLEARS = re.compile(
    r"清零|归零|为零(?!星)|零(?:死亡|伤亡|事故|亡人|发生|火灾|火情|发案|溺亡|失管|新增)"
)
JUDGED = re.compile(
    r"(?:保持|维持|处于)?历史低位(?:运行)?|(?:保持|维持|总体|持续|稳中|稳步|明显|有所|逐年|大幅|显著|进一步|不断|实现)+(?:保持|趋于|稳定)?"
    r"(?:平稳|稳定|提升|提高|下降|向好|好转|改善|增强|有升|有降|可控|降低|减少|低位|上升)(?:运行|态势|趋势)?(?=[，。；、）]|$)|只降不升|有效遏制(?=[，。；]|$)"
)
STOP = "，。；！？\n"
NOUN_BEFORE = re.compile(r"[\u4e00-\u9fff][\u4e00-\u9fff）”](?<![每某同另第统前后])$")
SIZE_NOUN = re.compile(r"^(?:范围|半径|以外|之外|区域|口径|高度|宽|长|深|等级|机组|线路)")
BARE_CHARS_MAX = 40
NAMED = ("一批", "一系列", "一些", "一体", "一级", "一类", "一把手", "一件事", "一张图", "一张网", "一本账", "一盘棋", "一站式",
         "一线", "一次性", "一道", "一组织", "一方面", "一面", "一部分", "一段时间", "一定", "一项制度")  # fmt: skip
ONLY_FIGURE = re.compile(
    rf"(?P<before>[^\d]{{0,8}}?)(?P<num>{DIGITS}|{CHINESE})\s*(?P<unit>{MEASURE})?(?P<after>\D{{0,5}}?)[。；;]?"
)
ONLY_RANGE = re.compile(
    rf"(?P<low>{DIGITS})(?P<lowunit>{MEASURE})?{DASH}(?P<high>{DIGITS})(?P<unit>{MEASURE})?[。；;]?"
)
ONLY_BEFORE = re.compile(r"(?:力争|确保|要|须|应)*(?:" + "|".join(map(re.escape, BEFORE)) + r")在?")
ONLY_AFTER = re.compile(AFTER.pattern + r"|左右")
