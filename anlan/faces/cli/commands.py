"""Accounts, journal and plan; each returns (exit code, JSON, text for people)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anlan.faces.cli.answers import Answer
from anlan.faces.cli.looking import running_county
from anlan.ground.errors import Refusal

if TYPE_CHECKING:
    from anlan.county.models import Account
    from anlan.ground.scope import Scope

# accounts and journal


def user_list(_options: argparse.Namespace) -> Answer:
    """Accounts with their posts."""
    running_county()
    from anlan.county.models import Account

    rows = list(Account.objects.order_by("id").values("username", "label", "is_active", "demo"))
    lines = [f"{r['username']:28} {r['label']}{'' if r['is_active'] else ' 已停用'}" for r in rows]
    return 0, {"accounts": rows}, "\n".join(lines) or "还没有账号"


def user_link(options: argparse.Namespace) -> Answer:
    """A new one-time link."""
    own = running_county()
    from anlan.county import accounts
    from anlan.county.models import Account
    from anlan.ground.scope import Scope

    scope = Scope.for_command("user-link", frozenset({"account.manage"}))
    if options.username == "setup":
        token = accounts.make_link(scope, "setup")
        url = own.address("console", f"/first/setup/{token}")
    else:
        account = Account.objects.filter(username=options.username).first()
        if account is None:
            raise Refusal("account-unknown", "没有这个账号", options.username, "anlan user list")
        token = _new_link(scope, account)
        url = own.address("console", f"/first/duty/{token}")
    return 0, {"link": url}, url


def user_disable(options: argparse.Namespace) -> Answer:
    """No sign-in any more."""
    running_county()
    from anlan.county import accounts
    from anlan.ground.scope import Scope

    scope = Scope.for_command("user-disable", frozenset({"account.manage"}))
    accounts.disable_account(scope, options.username, "anlan user disable")
    return 0, {"disabled": options.username}, f"已停用 {options.username}"


def _new_link(scope: Scope, account: Account) -> str:
    """A real account that was opened before loses both factors with the new link."""
    from anlan.county import accounts

    if account.demo or not account.has_usable_password():
        return accounts.make_link(scope, "first", account)
    return accounts.reset_account(scope, account.pk, "anlan user link")


def user_enable(options: argparse.Namespace) -> Answer:
    """Sign-in again."""
    running_county()
    from anlan.county import accounts
    from anlan.ground.scope import Scope

    scope = Scope.for_command("user-enable", frozenset({"account.manage"}))
    accounts.enable_account(scope, options.username)
    return 0, {"enabled": options.username}, f"已启用 {options.username}"


def journal_verify(_options: argparse.Namespace) -> Answer:
    """Read every line and every seal again."""
    own = running_county()
    from dataclasses import asdict

    from anlan.ground import journal
    from anlan.ground.scope import Scope

    found = journal.verify(Scope.for_command("verify", frozenset({"journal.audit"})), own.anchors)
    answer = {"schema": "anlan.journal/1", "whole": found.whole, **asdict(found)}
    anchor = f"封印 {found.anchor_seal}（{found.anchor_at}）" if found.anchor_seal else "还没有"
    text = (
        f"读了 {found.lines} 行，{found.seals} 个封印，未封 {found.unsealed} 行；"
        f"库外最后一个锚点：{anchor}"
    )
    if found.whole:
        return 0, answer, text + "\n完整"
    where = [f"第 {found.broken_line} 行"] if found.broken_line is not None else []
    where += [f"封印 {found.broken_seal}"] if found.broken_seal is not None else []
    return 1, answer, f"{text}\n第一处不符：{'、'.join(where)}（{found.reason}）"


# the plan


def plan_read(options: argparse.Namespace) -> Answer:
    """The plan document as data; needs no county."""
    from anlan.rooms.workplan.reader import PlanRefused, read_plan

    try:
        plan = read_plan(Path(options.file))
    except PlanRefused as refused:
        raise Refusal(refused.code, refused.message, refused.place, refused.mend) from refused
    return 0, plan, _plan_text(plan)


DOUBTS_SHOWN_MAX = 20


def _plan_text(plan: dict[str, Any]) -> str:
    """The head, the tables with their rows, and the first doubts with their places."""
    document, tables, doubts = plan["document"], plan["tables"], plan["doubts"]
    rows = [row for table in tables for row in table["rows"]]
    promised = sum(len(own["quantities"]) for own in [*rows, *plan["points"]])
    shown = [
        document["title"] or "（没有标题）",
        "  " + "，".join(document[key] for key in ("number", "issuer", "date") if document[key]),
        f"  {len(plan['points'])} 条要点，{len(tables)} 张表，{len(rows)} 个条目，"
        f"{promised} 个数量，{len(doubts)} 处存疑",
    ]
    shown += [
        f"    表{t['number']} {t['title'] or '（没有表名）'}：{len(t['rows'])} 条" for t in tables
    ]
    for doubt in doubts[:DOUBTS_SHOWN_MAX]:
        place = f"表{doubt['table']}" if doubt["table"] else "全文"
        place += f"第{doubt['row']}条" if doubt["row"] else ""
        shown.append(f"  存疑 {place}：{doubt['message']}")
    if len(doubts) > DOUBTS_SHOWN_MAX:
        shown.append(f"  还有 {len(doubts) - DOUBTS_SHOWN_MAX} 处存疑，用 --json 看全部")
    return "\n".join(line for line in shown if line.strip())


def plan_import(options: argparse.Namespace) -> Answer:
    """A new version, to be confirmed by another person on the page."""
    path = Path(options.file)
    if not path.is_file():
        raise Refusal("file-missing", "没有这个文件", options.file, "请核对路径")
    running_county()
    from anlan.ground.scope import Scope
    from anlan.rooms.workplan import actions, review_queries

    scope = Scope.for_command("plan-import", frozenset({"plan.enter"}))
    version = actions.import_plan(scope, path.read_bytes(), path.name)
    found = review_queries.counted(scope, version)
    text = (
        f"已导入第 {version.id} 版：{found['rows']} 条，{found['doubts']} 处存疑；"
        f"比上一版：新增 {found['new']}，改动 {found['changed']}，没有了 {found['gone']}，"
        f"换位置 {found['moved']}，相同 {found['same']}。"
        "请在“要点 → 导入和各版”逐条定完存疑，由另一人确认"
    )
    return 0, {"version": version.id, "differences": found}, text


def plan_status(_options: argparse.Namespace) -> Answer:
    """Every row as it stands."""
    running_county()
    from collections import Counter

    from anlan.ground.scope import Scope
    from anlan.rooms.workplan import queries

    found = queries.status(Scope.for_command("plan-status", frozenset({"plan.read"})))
    counts = Counter(row["state"] for row in found["rows"])
    text = f"{len(found['rows'])} 条：" + "，".join(f"{k} {n}" for k, n in counts.most_common())
    return 0, found, text
