"""What the journal and the page of rounds call things, as an officer says it.

Flows in: codes of actions, rounds and kinds of records, and the rights of the pack. Flows out: one
short word for each. A test holds every code of the program against these tables; a code that an
older version left in the journal is shown as it stands.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from anlan.county.rights import table
from anlan.faces.console import tree

ACTIONS: dict[str, Promise] = {
    "account.confirm": _("再次验证身份"),
    "account.disable": _("停用账号"),
    "account.enable": _("启用账号"),
    "account.end": _("结束登录"),
    "account.factor": _("改动第二因子"),
    "account.forget": _("清除过期的登录记录"),
    "account.link": _("发出一次性链接"),
    "account.link.use": _("使用一次性链接"),
    "account.make": _("新建账号"),
    "account.move": _("账号调岗"),
    "account.open": _("由链接进入"),
    "account.password": _("改口令"),
    "account.reset": _("重置登录"),
    "account.rest": _("停用长期不用的账号"),
    "account.setup": _("设立三名管理员"),
    "account.sign_in": _("登录"),
    "account.sign_out": _("退出登录"),
    "account.tries": _("登录尝试过多"),
    "calendar.save": _("改工作日历"),
    "callout.advance": _("叫应往下走"),
    "callout.alarm.seen": _("看到警报"),
    "callout.answer": _("收到应答"),
    "callout.close": _("叫应结束"),
    "callout.fallback.close": _("登记上门结果"),
    "callout.link": _("发出应答链接"),
    "callout.message": _("收到短信"),
    "callout.message.desk": _("短信转人工"),
    "callout.message.settle": _("处理短信"),
    "callout.message.take": _("读懂短信"),
    "callout.open": _("发出叫应"),
    "callout.send": _("准备发送"),
    "callout.sent": _("已交短信中心"),
    "callout.stop": _("停止叫应"),
    "callout.unknown": _("发送结果不明"),
    "clock.off": _("时钟不准"),
    "clock.right": _("时钟恢复准确"),
    "county.demo": _("写入演示人员"),
    "county.division.add": _("加行政区划"),
    "county.division.edit": _("改行政区划"),
    "county.division.end": _("停用行政区划"),
    "county.found": _("建县"),
    "county.make": _("写入本县区划"),
    "county.outlines": _("画出乡镇界线"),
    "county.outlines.import": _("导入界线"),
    "county.person.add": _("加人员"),
    "county.person.change": _("改人员"),
    "county.person.end": _("人员离开"),
    "county.post.add": _("加岗位"),
    "county.post.edit": _("改岗位"),
    "county.post.end": _("撤销岗位"),
    "county.post.hold": _("任职"),
    "county.post.vacate": _("离任"),
    "county.roster.add": _("排班"),
    "county.roster.cancel": _("取消排班"),
    "county.roster.edit": _("改排班"),
    "county.unit.add": _("加单位"),
    "county.unit.alias.add": _("加单位别名"),
    "county.unit.alias.end": _("停用单位别名"),
    "county.unit.edit": _("改单位"),
    "county.unit.end": _("撤销单位"),
    "county.unit.member.add": _("加成员单位"),
    "county.unit.member.end": _("成员单位退出"),
    "county.unit.reopen": _("恢复单位"),
    "county.workbook.drop": _("放弃表格"),
    "county.workbook.export": _("导出表格"),
    "county.workbook.forget": _("清除没有写入的表格"),
    "county.workbook.read": _("读入表格"),
    "county.workbook.write": _("写入表格"),
    "evacuation.close": _("关闭片区"),
    "evacuation.count": _("报清点人数"),
    "evacuation.demo": _("写入演示片区"),
    "evacuation.household.add": _("加转移户"),
    "evacuation.household.change": _("改转移户"),
    "evacuation.household.end": _("移出转移户"),
    "evacuation.link": _("发出清点链接"),
    "evacuation.open": _("启用片区"),
    "evacuation.order": _("下达转移"),
    "evacuation.shelter.add": _("加避难场所"),
    "evacuation.shelter.change": _("改避难场所"),
    "evacuation.shelter.end": _("停用避难场所"),
    "evacuation.zone.add": _("加转移片区"),
    "evacuation.zone.change": _("改转移片区"),
    "evacuation.zone.end": _("停用转移片区"),
    "file.keep": _("存入文件"),
    "indicator.base": _("登记基数"),
    "indicator.check": _("核对数字"),
    "indicator.correct": _("更正数字"),
    "indicator.freeze": _("冻结月度数字"),
    "indicator.zero": _("零报告"),
    "indicator.zero.withdraw": _("撤回零报告"),
    "journal.verify": _("核验日志"),
    "oversight.acknowledge": _("签收督促函"),
    "oversight.answer": _("答复督促函"),
    "oversight.close": _("督促函销号"),
    "oversight.drop": _("不发这份督促函"),
    "oversight.propose": _("提出督促函"),
    "oversight.send": _("发出督促函"),
    "oversight.settle": _("办结督促函"),
    "phonebook.reveal": _("看完整号码"),
    "plan.board": _("刷新要点一览"),
    "plan.confirm": _("确认要点"),
    "plan.doubt.accept": _("接受存疑处"),
    "plan.doubt.edit": _("改定存疑处"),
    "plan.import": _("导入要点"),
    "plan.lead.confirm": _("确认牵头单位"),
    "plan.lead.end": _("撤销牵头确认"),
    "plan.row.edit": _("改要点条目"),
    "plan.undo": _("撤销这一版要点"),
    "plan.withdraw": _("撤回要点"),
    "policy.demo": _("存入演示规则值"),
    "policy.save": _("存规则值"),
    "references.dangling": _("清查悬空指向"),
    "wall.end": _("撤销大屏"),
    "wall.make": _("设大屏"),
    "wall.open": _("大屏开机"),
    "warning.approve": _("批准预警"),
    "warning.lift": _("批准解除"),
    "warning.lift.submit": _("提请解除"),
    "warning.override": _("紧急发布"),
    "warning.paste": _("粘贴原文"),
    "warning.revise": _("改预警稿"),
    "warning.send_back": _("退回预警"),
    "warning.submit": _("提请审批"),
    "account.post.add": _("加兼任或代理岗位"),
    "account.post.choose": _("换岗位办理"),
    "account.post.end": _("去掉兼任或代理岗位"),
    "evacuation.join": _("并入已启用的片区"),
    "ledger.duty.add": _("加台账责任人"),
    "ledger.duty.end": _("去掉台账责任人"),
    "ledger.object.add": _("加监管对象"),
    "ledger.object.change": _("改监管对象"),
    "ledger.object.end": _("停用监管对象"),
    "ledger.object.merge": _("合并监管对象"),
    "ledger.object.state": _("改监管对象状态"),
    "ledger.object.unmerge": _("拆开监管对象"),
    "ledger.table.receive": _("收下台账表"),
    "ledger.table.write": _("写入台账表"),
}
ROUNDS: dict[str, Promise] = {
    "account.forget": _("清除过期登录"),
    "account.rest": _("停用不用的账号"),
    "callout.advance": _("推进叫应"),
    "callout.close": _("结束叫应"),
    "callout.expire": _("清理过期发送"),
    "callout.send": _("发送短信"),
    "clock.look": _("看时钟"),
    "county.forget": _("清除没写入的表格"),
    "evacuation.close": _("解除后关闭片区"),
    "evacuation.links": _("发清点链接"),
    "evacuation.open": _("叫应后启用片区"),
    "inbox": _("读收到的短信"),
    "indicators.correct": _("更正数字"),
    "indicators.freeze": _("冻结月度数字"),
    "journal.anchor": _("写库外锚点"),
    "journal.merge": _("补进缓存日志"),
    "journal.seal": _("封存日志"),
    "oversight.press": _("到期督促"),
    "plan.board": _("刷新要点一览"),
    "references.dangling": _("查悬空指向"),
    "requests.forget": _("清除旧请求号"),
}
KINDS: dict[str, Promise] = {
    "callout.alarm": _("警报"),
    "callout.answer": _("应答"),
    "callout.attempt": _("发送"),
    "callout.call": _("叫应对象"),
    "callout.callout": _("叫应"),
    "callout.fallback": _("上门任务"),
    "callout.inbound": _("短信"),
    "callout.link": _("链接"),
    "county.account": _("账号"),
    "county.change": _("改动"),
    "county.division": _("区划"),
    "county.holding": _("任职"),
    "county.onetimelink": _("一次性链接"),
    "county.person": _("人员"),
    "county.post": _("岗位"),
    "county.rostershift": _("班次"),
    "county.sitting": _("登录"),
    "county.transfer": _("表格"),
    "county.tries": _("登录尝试"),
    "county.unit": _("单位"),
    "county.unitalias": _("单位别名"),
    "county.unitmember": _("成员单位"),
    "console.wall": _("大屏"),
    "evacuation.headcount": _("清点"),
    "evacuation.household": _("转移户"),
    "evacuation.opening": _("片区启用"),
    "evacuation.order": _("转移令"),
    "evacuation.shelter": _("避难场所"),
    "evacuation.zone": _("转移片区"),
    "ground.calendarday": _("日历"),
    "ground.county": _("县"),
    "ground.countyfact": _("县情"),
    "ground.danglingreference": _("悬空指向"),
    "ground.journalline": _("日志行"),
    "ground.keptfile": _("文件"),
    "ground.requestkey": _("请求号"),
    "ground.roundrun": _("巡检"),
    "ground.seal": _("封印"),
    "ground.spooledline": _("缓存日志"),
    "ground.world": _("推演空间"),
    "indicators.basecount": _("基数"),
    "indicators.correction": _("更正"),
    "indicators.figurecheck": _("核对"),
    "indicators.frozenfigure": _("冻结数字"),
    "indicators.frozenmember": _("冻结成员"),
    "indicators.zeroreport": _("零报告"),
    "oversight.letter": _("督促函"),
    "policy.savedvalue": _("规则值"),
    "warning.approval": _("审批"),
    "warning.bulletin": _("气象台原文"),
    "warning.warning": _("预警"),
    "workplan.boardstate": _("要点一览"),
    "workplan.lead": _("牵头单位"),
    "workplan.planchange": _("要点改动"),
    "workplan.plandoubt": _("要点存疑"),
    "workplan.planoriginal": _("要点原文"),
    "workplan.planrow": _("要点条目"),
    "workplan.planversion": _("要点版本"),
    "county.actingpost": _("兼任岗位"),
    "evacuation.basis": _("启用依据"),
    "ledger.duty": _("台账责任"),
    "ledger.objectstate": _("监管对象状态"),
    "ledger.regulatedobject": _("监管对象"),
}

# What the program itself writes as a reason: single words, one after another.
TOKENS: dict[str, Promise] = {
    "received": _("收到"),
    "help": _("需支援"),
    "wrong": _("打错了"),
    "sms": _("短信"),
    "link": _("链接"),
    "keyed": _("代录"),
    "voice": _("电话按键"),
    "decides": _("计为应答"),
    "repeats": _("重复应答"),
    "late": _("晚到的应答"),
    "answer": _("应答"),
    "headcount": _("清点人数"),
    "fallback": _("上门登记"),
    "idle": _("闲置过久"),
    "disabled": _("账号停用"),
    "password": _("口令"),
    "whole": _("完整"),
}
MACHINES: dict[str, Promise] = {"smpp": _("短信网关"), "sign-in": _("登录程序")}


def action_word(code: str) -> str:
    """收到应答 for callout.answer; a refused right by the name that the pack gives it."""
    return str(ACTIONS.get(code) or table().labels.get(code, code))


def round_word(code: str) -> str:
    """发送短信 for callout.send; a round that serves an exercise keeps its number."""
    return str(ROUNDS.get(code, code))


def kind_word(kind: str) -> str:
    """叫应 for callout.callout."""
    return str(KINDS.get(kind, kind))


def actions_named(sought: str) -> list[str]:
    """Codes whose word holds what is sought, for a search in the officer's own words."""
    return [code for code, word in ACTIONS.items() if sought in str(word)]


def actor_word(actor: str, kind: str) -> str:
    """A person as they are called; a round or a gateway by what it does."""
    if kind in ("round", "gateway") and actor in ROUNDS | MACHINES:
        return str((ROUNDS | MACHINES)[actor])
    return actor


def why_word(why: str) -> str:
    """A reason that the program wrote in its own words; what a person wrote stands as written."""
    known = {code: str(word) for code, word in TOKENS.items()}
    parts = [known.get(part, tree.reason_word(part)) for part in why.split(" ")]
    ours = all(new != old or old.isdigit() for new, old in zip(parts, why.split(" "), strict=True))
    return " ".join(parts) if ours else why
