"""The words of a bureau's texts, as data: kinds, grades, verbs, marks of what is not said. Pure."""

from __future__ import annotations

from datetime import timedelta, timezone

CHINA = timezone(timedelta(hours=8))
GRADES = {"红色": "red", "橙色": "orange", "黄色": "yellow", "蓝色": "blue"}
ROMAN_GRADES = {"Ⅰ级": "red", "Ⅱ级": "orange", "Ⅲ级": "yellow", "Ⅳ级": "blue",
                "I级": "red", "II级": "orange", "III级": "yellow", "IV级": "blue"}  # fmt: skip
KINDS = {
    "暴雨": "rainstorm",
    "强降雨": "rainstorm",
    "雷暴大风": "thunder_gust",
    "雷雨大风": "thunder_gust",
    "大风": "gale",
    "雷电": "lightning",
    "冰雹": "hail",
    "强对流": "severe_convection",
    "高温": "heat",
    "大雾": "fog",
    "寒潮": "cold_wave",
    "霜冻": "frost",
    "暴雪": "snowstorm",
    "道路结冰": "icy_road",
    "干旱": "drought",
    "地质灾害气象风险": "geohazard",
    "地质灾害": "geohazard",
    "山洪灾害": "flash_flood",
    "山洪": "flash_flood",
    "中小河流洪水": "flood",
    "江河洪水": "flood",
    "洪水": "flood",
    "城市内涝": "waterlogging",
    "内涝": "waterlogging",
    "渍涝": "waterlogging",
    "森林火险": "forest_fire",
}
LIFTED = ("解除",)
CHANGED = ("变更", "升级", "降级", "更新", "调整为", "改为", "升级为", "降为", "升为")
TARGETS = ("升级为", "降级为", "变更为", "调整为", "更新为", "改为", "降为", "升为",
           "升级发布", "变更发布", "降级发布", "更新发布")  # fmt: skip
ISSUED = ("发布", "继续发布", "签发")
VERBS = ("发布", "解除", "变更", "升级", "更新", "继续发布", "签发", "降级", "将")
OPEN_LIST = ("等乡镇", "等镇", "等地", "等部分乡镇", "等乡", "等街道", "大部", "部分乡镇", "局部",
             "部分地区", "部分街道", "个别乡镇", "多数乡镇", "沿江乡镇", "沿河乡镇", "沿线乡镇",
             "周边乡镇", "附近乡镇", "其余", "其他乡镇", "其它乡镇", "东部", "南部", "西部", "北部",
             "中部", "部分区域")  # fmt: skip
ALWAYS_OPEN = frozenset(OPEN_LIST[6:])
WHOLE_COUNTY = ("全县", "我县", "全县各乡镇")
NOT_REAL = ("演练", "演习", "测试", "模拟", "试验", "示例")
BRIEFINGS = ("重要气象信息专报", "气象信息专报", "气象专报", "重要天气报告", "重要天气专报",
             "气象快报", "气象服务专报", "气象情况专报")  # fmt: skip
TEACHING = ("科普", "小知识", "知识问答", "怎么看", "你知道吗")
HEARSAY = ("是不是", "听说", "听亲戚", "有没有人", "吗？", "吗?", "真的假的", "求证")
CORRECTING = ("更正", "勘误", "写错", "有误")
PARTLY = (
    "部分升级",
    "部分解除",
    "部分变更",
    "部分降级",
    "继续维持",
    "维持暴雨",
    "其余乡镇（街道）维持",
)
NOT_YET = ("未发布", "尚未", "不发布", "没有发布", "拟发布", "将发布", "可能发布", "计划发布",
           "适时发布", "视情发布")  # fmt: skip
HALF_DAYS = (
    "凌晨", "早上", "早晨", "上午", "中午", "下午", "傍晚", "晚上", "夜间", "夜里", "半夜",
)  # fmt: skip
EXCEPT = ("除外", "以外", "之外", "除")
NO_EXCEPT = ("解除", "消除", "排除", "清除", "除险", "除患", "除了做好", "扫除", "拆除", "免除")
PLACE_ENDS = ("街道", "镇", "乡", "区", "县", "市")
NO_PLACES = (
    "全县",
    "我县",
    "本县",
    "全区",
    "山区",
    "地区",
    "灾区",
    "城区",
    "库区",
    "景区",
    "林区",
    "社区",
    "等乡镇",
    "各乡镇",
    "部分乡镇",
    "乡镇",
    "等镇",
    "等乡",
    "等街道",
    "相关区县",
    "各区县",
    "低洼地区",
    "危险区",
    "片区",
    "区域",
    "我区",
    "我市",
    "本区",
    "其他地区",
    "其它地区",
    "各镇",
    "各乡",
    "各街道",
    "两镇",
    "三镇",
    "以上乡镇",
)
BARE_ENDS = frozenset({"街道", "镇", "乡", "镇街", "乡镇街道"})  # fmt: skip
# What a township's short name may stand before; anything else may be another place's name.
AFTER_NAME = ("、", "，", ",", "。", "；", ";", "：", ":", "！", " ", "（", "）", "(", ")", "\n",
              "等", "和", "及", "与", "以及", "镇", "乡", "街道", "一带", "境内", "地区", "片区",
              "将", "有", "已", "降", "出现", "的", "局", "为", "日", "雨", "累", "达", "最", "发生",
              "仍", "附近", "周边", "两", "三", "四", "五", "六", "七", "八", "九", "十", "多",
              "部分", "受", "预", "可能", "需", "请", "大部", "东", "南", "西", "北", "中")  # fmt: skip
# What makes a name that of something within or beside a township.
NOT_THE_TOWN = ("河", "溪", "江", "水库", "水文站", "站", "村", "社区", "路", "大道", "中学", "小学",
                "医院", "大桥", "桥", "山", "湖", "水电站", "收费站", "高速", "工业园", "坝区")  # fmt: skip
SEPARATORS = "、，,；;。：:！ （）()和及与\n"
PLACE_CHARS_MAX = 7
YEAR_MIN = 1990
# From here on a text advises; it names no signal and no place of it any more.
ADVICE = ("相关阅读", "查看全部", "版权所有", "上一篇", "下一篇", "防御指南", "防御建议", "防御措施", "防范建议", "防范指南", "温馨提示", "关注与建议", "关注建议",
          "预警信号含义", "信号含义", "预警标准", "图例", "编者注")  # fmt: skip
DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
