"""`anlan …`: everything scriptable. People read its words, programs its `--json`.

Exit 0 done, 1 the answer is no, 2 refused, 3 a part is not running.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from anlan.faces.cli import commands

DONE, NO, REFUSED, NOT_RUNNING = 0, 1, 2, 3
Run = Callable[[argparse.Namespace], tuple[int, dict[str, Any], str]]


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its words, what it does, and whether it needs a running county."""

    words: str
    help: str
    run: Run
    needs_county: bool = False
    arguments: tuple[tuple[str, dict[str, Any]], ...] = ()


COMMANDS: tuple[Command, ...] = (
    Command("up", "安装后启动本县，打印地址", commands.up),
    Command("down", "停止，数据都保留", commands.down),
    Command("status", "地址、版本、各巡检最近一次运行", commands.status, True),
    Command("doctor", "检查本机缺什么", commands.doctor),
    Command("county list", "本机上的县", commands.county_list),
    Command(
        "county new", "新建一个空的、真实的县", commands.county_new, False,
        (("code", {"help": "六位区划代码"}), ("name", {"help": "县名"}),
         ("--divisions", {"help": "区划表 CSV：code,name,kind,lat,lon,population,source"})),
    ),
    Command("county use", "切换当前县", commands.county_use, False,
            (("code", {"help": "六位区划代码"}),)),
    Command("user list", "账号", commands.user_list, True),
    Command("user link", "给账号一个一小时内有效的一次性链接", commands.user_link, True,
            (("username", {"help": "账号；setup 为初始设置"}),)),
    Command("user disable", "停用账号", commands.user_disable, True,
            (("username", {"help": "账号"}),)),
    Command("user enable", "重新启用账号", commands.user_enable, True,
            (("username", {"help": "账号"}),)),
    Command("plan read", "把工作要点读成数据", commands.plan_read, False,
            (("file", {"help": "文本文件，UTF-8 或 GBK"}),)),
    Command("plan import", "导入工作要点为新的一版", commands.plan_import, True,
            (("file", {"help": "文本文件"}),)),
    Command("plan status", "各条目现在怎样", commands.plan_status, True),
    Command("journal verify", "核验日志", commands.journal_verify, True),
)  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(prog="anlan", description="安澜：一个县的安全")
    top.add_argument("--json", action="store_true", help="只在标准输出打印一个 JSON 对象")
    subs = top.add_subparsers(dest="first", required=True, metavar="命令")
    groups: dict[str, Any] = {}
    for command in COMMANDS:
        first, _space, second = command.words.partition(" ")
        if not second:
            own = subs.add_parser(first, help=command.help)
        else:
            if first not in groups:
                group = subs.add_parser(first)
                groups[first] = group.add_subparsers(dest="second", required=True, metavar="动作")
            own = groups[first].add_parser(second, help=command.help)
        own.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
        for name, options in command.arguments:
            own.add_argument(name, **options)
        own.set_defaults(command=command)
    return top


def main(argv: list[str] | None = None) -> None:
    """Run one command and exit with its code."""
    options = parser().parse_args(argv)
    as_json = bool(getattr(options, "json", False))
    try:
        code, answer, text = options.command.run(options)
    except commands.Refused as refusal:
        _refuse(refusal, as_json)
    except KeyboardInterrupt:
        sys.exit(130)
    print(json.dumps(answer, ensure_ascii=False) if as_json else text)
    sys.exit(code)


def _refuse(refusal: commands.Refused, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"error": refusal.as_dict()}, ensure_ascii=False))
    else:
        lines = [refusal.message, refusal.place and f"  在哪里：{refusal.place}",
                 refusal.mend and f"  怎么办：{refusal.mend}"]  # fmt: skip
        print("\n".join(line for line in lines if line), file=sys.stderr)
    sys.exit(refusal.exit_code)
