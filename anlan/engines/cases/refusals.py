"""What a person is told when a case cannot be moved: from the reason of the decision, its mend."""

from __future__ import annotations

from django.utils.translation import gettext as _

from anlan.engines.cases.decisions import Extends, Objects, Reason, Verdict
from anlan.engines.cases.kinds import Kind
from anlan.ground.errors import Conflict, Denied, NotFound, Refusal


def _label(kind: Kind, key: str) -> str:
    step = kind.moves.get(key) or kind.openings.get(key)
    return step.label if step else key


def of(kind: Kind, verdict: Verdict) -> Refusal:
    """The refusal of a move."""
    why, detail = verdict.reason, verdict.detail
    if why is Reason.UNKNOWN:
        return NotFound("case-move", _("没有这一步"), kind.label, _("请刷新页面"))
    if why is Reason.WRONG_STATE:
        state = kind.states.get(detail)
        return Conflict("case-state", _("现在不能办这一步"), state.label if state else detail,
                        _("请刷新页面，看现在到了哪一步"))  # fmt: skip
    if why is Reason.NO_RIGHT:
        return Denied("no-right", _("您的岗位没有这项权限：%(right)s") % {"right": detail},
                      kind.label, _("请由有此权限的岗位办理"))  # fmt: skip
    if why is Reason.OTHER_POST:
        return Denied("case-post", _("这一步由别的岗位办"), detail, _("请交给该岗位"))
    if why is Reason.SAME_PERSON:
        return Denied("case-same-person", _("这一步要由另一个人办"), _label(kind, detail),
                      _("办过那一步的人不能办这一步"))  # fmt: skip
    if why is Reason.NOT_FOR_IT:
        return Conflict("case-not-for-it", _("这一件不走这一步"), kind.label, _("请看定级和选项"))
    if why is Reason.STANDS:
        return Conflict("case-stands", _("正在停止计时"), _rule(kind, detail), _("请先恢复计时"))
    if why is Reason.TASKS_OPEN:
        return Conflict("case-tasks", _("还有 %(n)s 项交办没有办结") % {"n": detail}, kind.label,
                        _("都办结后才能办这一步"))  # fmt: skip
    if why is Reason.LINKS_OPEN:
        return Conflict("case-links", _("关联的件还没有办结"), kind.links.get(detail, detail),
                        _("先把关联的件办结"))  # fmt: skip
    return Conflict("case-objected", _("有异议没有决定"), kind.label, _("先对异议作出决定"))


def _rule(kind: Kind, key: str) -> str:
    return kind.rules[key].label if key in kind.rules else key


def of_extension(why: Extends) -> Refusal:
    """The refusal of an extension, asked for or granted."""
    words = {
        Extends.NONE: (_("这个期限不能延期"), _("按原期限办")),
        Extends.OVER: (_("已经办完，不用延期"), _("请刷新页面")),
        Extends.LATE: (_("已经过期，不能延期"), _("延期要在期限内提出并批准")),
        Extends.STANDS: (_("正在停止计时，不用延期"), _("恢复计时后再提")),
        Extends.TIMES: (_("延期的次数已经用完"), _("按现在的期限办")),
        Extends.DAYS: (_("延到的日期不对"), _("应在原期限以后，不超过能延的天数")),
        Extends.SAME_PERSON: (_("延期要由另一个人批"), _("请提出人以外、有批准权限的人批")),
    }
    message, mend = words[why]
    kind = Denied if why is Extends.SAME_PERSON else Refusal
    return kind(f"extend-{why.value.replace('_', '-')}", message, "", mend)


def of_objection(why: Objects) -> Refusal:
    """The refusal of an objection."""
    words = {
        Objects.NOTHING: (_("还没有可以提异议的决定"), _("请看已办的步骤")),
        Objects.LATE: (_("提异议的期限已过"), _("请看期限")),
        Objects.TWICE: (_("已经提过一次"), _("请看上一次的决定")),
        Objects.ENDED: (_("这一件已不成立"), _("不用再提")),
    }
    message, mend = words[why]
    return Refusal(f"objection-{why.value}", message, "", mend)


def missing(labels: list[str]) -> list[str]:
    """What was not given."""
    return [_("%(f)s：要填") % {"f": label} for label in labels]


def off_days(labels: list[str]) -> list[str]:
    """Dates that cannot be."""
    return [_("%(f)s：要在今天以后，不超过规定的天数") % {"f": label} for label in labels]
