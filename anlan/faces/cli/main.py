"""`anlan …`: everything scriptable. People read its words, programs its `--json`.

Exit 0 done, 1 the answer is no, 2 refused, 3 a part is not running.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from anlan.faces.cli import (
    backups,
    cap,
    commands,
    counties,
    county_files,
    exercises,
    gateway,
    https,
    keys,
    links,
    looking,
    packs,
    services,
    start,
    upgrade_now,
)
from anlan.ground.errors import NotRunning, Refusal

DONE, NO, REFUSED, NOT_RUNNING = 0, 1, 2, 3
INTERRUPTED = 130
Run = Callable[[argparse.Namespace], tuple[int, dict[str, Any], str]]


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its words, what it does, whether it needs a running county, the right it holds.

    right: as in rights.yaml; empty for what reads and writes no row of a county. also: the right
    that an option of it needs besides.
    """

    words: str
    help: str
    run: Run
    needs_county: bool = False
    arguments: tuple[tuple[str, dict[str, Any]], ...] = ()
    right: str = ""
    also: str = ""


COMMANDS: tuple[Command, ...] = (
    Command("up", "安装后启动本县，打印地址", start.up),
    Command("down", "停止，数据都保留", start.down),
    Command("status", "地址、版本、各巡检最近一次运行", looking.status, True,
            right="system.manage"),
    Command("doctor", "检查本机缺什么", looking.doctor),
    Command("county list", "本机上的县", counties.county_list),
    Command(
        "county new", "新建一个空的、真实的县", counties.county_new, False,
        (("code", {"help": "六位区划代码"}), ("name", {"help": "县名"}),
         ("--divisions", {"help": "区划表 CSV：code,name,kind,lat,lon,population,source"})),
            right="county.edit"),
    Command("county use", "切换当前县", counties.county_use, False,
            (("code", {"help": "六位区划代码"}),)),
    Command("county export", "导出本县的单位、岗位、人员、任职、排班", county_files.county_export,
            True, (("file", {"help": "写到哪个 .xlsx"}),
                   ("--numbers", {"help": "含完整号码的原因；不写则号码遮住"})),
            right="phonebook.read", also="phonebook.reveal"),
    Command("county import", "检查并导入表格，整份写入或整份拒绝", county_files.county_import,
            True, (("file", {"help": ".xlsx，或一张表的 CSV"}),
                   ("--preview", {"action": "store_true", "help": "只看会改什么，不写入"})),
            right="county.edit"),
    Command("user list", "账号", commands.user_list, True, right="account.manage"),
    Command("user link", "给账号一个一小时内有效的一次性链接", commands.user_link, True,
            (("username", {"help": "账号；setup 为初始设置"}),), right="account.manage"),
    Command("user disable", "停用账号", commands.user_disable, True,
            (("username", {"help": "账号"}),), right="account.manage"),
    Command("user enable", "重新启用账号", commands.user_enable, True,
            (("username", {"help": "账号"}),), right="account.manage"),
    Command("plan read", "把工作要点读成数据", commands.plan_read, False,
            (("file", {"help": "文本文件，UTF-8 或 GBK"}),)),
    Command("plan import", "导入工作要点为新的一版", commands.plan_import, True,
            (("file", {"help": "文本文件"}),), right="plan.enter"),
    Command("plan status", "各条目现在怎样", commands.plan_status, True, right="plan.read"),
    Command("packs check", "检查规则包，指出每处问题和改法", packs.check, False,
            (("folder", {"nargs": "?", "help": "规则包的文件夹；不写时检查自带的"}),)),
    Command("packs new", "照模板新建一个规则包", packs.new, False,
            (("folder", {"help": "新建的文件夹，名称用小写字母"}),
             ("label", {"help": "规则包的中文名称"}))),
    Command("packs test", "照情形一步一步办，看规则包对不对", packs.test, False,
            (("folder", {"nargs": "?", "help": "规则包的文件夹；不写时是自带的"}),)),
    Command("packs docs", "每个规则包一页说明", packs.docs, False,
            (("folder", {"nargs": "?", "help": "规则包的文件夹；不写时是自带的"}),
             ("--to", {"help": "写到哪个文件夹，每包一个 .md；不写时打印"}),
             ("--facts", {"action": "store_true", "help": "只列指标可以读的事实视图和列"}))),
    Command("cap check", "核对一份 CAP 消息是否符合 CAP 1.2", cap.check, False,
            (("file", {"help": "XML 文件，UTF-8，不超过 1 MB"}),)),
    Command(
        "exercise start", "开始一场推演或实叫，有自己的时钟", exercises.exercise_start, True,
        (("name", {"help": "名称"}),
         ("--kind", {"choices": ["tabletop", "live"], "default": "tabletop",
                     "help": "tabletop 推演（默认），live 实叫"}),
         ("--form", {"choices": ["comprehensive", "special", "tabletop", "evacuation"],
                     "default": "comprehensive", "help": "综合、专项、桌面、疏散"}),
         ("--topic", {"action": "append",
                      "choices": ["first_response", "moving", "self_rescue"],
                      "help": "重点：先期处置、转移避险、自救互救，可写几次"}),
         ("--night", {"help": "从自带的哪一夜开始，例如 2024-07-10"}),
         ("--rate", {"type": float, "default": 1.0, "help": "时钟快慢，0 为暂停"}),
         ("--seed", {"type": int, "default": 1, "help": "演员的种子"}),
         ("--silent", {"type": float, "default": 0.3, "help": "演员不应答的比例"}),
         ("--no-player", {"action": "store_true", "help": "不要演员代答"})),
        right="exercise.control"),
    Command("exercise stop", "结束一场演练", exercises.exercise_stop, True,
            (("world", {"type": int, "help": "第几场"}),), right="exercise.control"),
    Command("exercise list", "演练", exercises.exercise_list, True, right="exercise.read"),
    Command("replay", "把记录的一夜作为推演走一遍", exercises.replay, True,
            (("file", {"help": "一夜的记录，YAML"}),
             ("--seed", {"type": int, "help": "演员的种子；不写用记录里的"})),
            right="exercise.control"),
    Command("backup", "备份本县到一个新目录", backups.backup_county, True,
            (("folder", {"help": "写到哪个目录，须是新的或空的"}),
             ("--daily", {"action": "store_true",
                          "help": "以后每天备份到这个目录下；目录写 off 为不再备份"})),
            right="system.manage"),
    Command("restore", "核对一份备份，在本机恢复成县", backups.restore_county, False,
            (("folder", {"help": "备份的目录"}),
             ("--keys", {"help": "另外保存的 fields.json"}),
             ("--passphrase-file", {"help": "托管密钥的口令，写在文件第一行"}),
             ("--offline-key", {"help": "打开托管密钥的离线私钥"}),
             ("--check", {"action": "store_true", "help": "只核对，不恢复"})),
            right="system.manage"),
    Command("upgrade", "先备份，再更新表结构；会丢内容就拒绝", upgrade_now.upgrade_county, False,
            (("--lose", {"metavar": "原因", "help": "有内容会丢也升级，写明原因"}),
             ("--backed-up", {"action": "store_true", "help": "已由数据库管理员备份过"})),
            right="system.manage"),
    Command("gateway test", "发一条测试短信，逐步说明", gateway.gateway_test, True,
            (("number", {"help": "手机号，机主须先发来确认短信"}),), right="system.manage"),
    Command("service print", "打印 systemd 服务文件", services.service_print, False,
            (("--user", {"action": "store_true", "help": "装在自己的账号下"}),)),
    Command("service install", "装成 systemd 服务，开机自己起来", services.service_install, False,
            (("--user", {"action": "store_true", "help": "装在自己的账号下"}),)),
    Command("https local", "用本县自建的机构签发证书，走 HTTPS", https.https_local, False,
            (("host", {"help": "域名"}),
             ("--bind", {"default": https.EVERYWHERE, "help": "在哪个地址上听，默认全部"}))),
    Command("https use", "用单位的证书，走 HTTPS", https.https_use, False,
            (("host", {"help": "域名"}), ("certificate", {"help": "证书，PEM，连同中间证书"}),
             ("key", {"help": "私钥，PEM，不加口令"}),
             ("--bind", {"default": https.EVERYWHERE, "help": "在哪个地址上听，默认全部"}))),
    Command("https off", "改回只限本机，不加密", https.https_off, False),
    Command("keys status", "有几把密钥，旧密钥下还有多少，托管齐不齐", keys.keys_status, True,
            right="system.manage"),
    Command("keys rotate", "换一把新密钥，不用停机", keys.keys_rotate, True,
            (("--passphrase-file", {"help": "现有托管的口令，写在文件第一行"}),),
            right="system.manage"),
    Command("keys escrow", "托管密钥：用口令或离线公钥封起来，随备份保存", keys.keys_escrow, True,
            (("file", {"nargs": "?", "help": "另存一份到这个文件"}),
             ("--to", {"help": "离线公钥文件"}),
             ("--passphrase-file", {"help": "口令，写在文件第一行"})),
            right="system.manage"),
    Command("keys offline", "生成一对离线密钥", keys.keys_offline, False,
            (("file", {"help": "私钥写到哪个文件，公钥写到同名 .pub"}),)),
    Command("link status", "每条联通现在怎样：编号、等回执的、最近听到", links.link_status, True,
            right="link.read"),
    Command("link test", "现在就和对方问候一次，逐步说明", links.link_test, True,
            (("name", {"help": "对方名称，或十二位区划代码"}),), right="system.manage"),
    Command("journal verify", "核验日志", commands.journal_verify, True, right="journal.audit"),
)  # fmt: skip


class Parser(argparse.ArgumentParser):
    """Says what was wrong with a command as a refusal, so that `--json` holds for it too."""

    def error(self, message: str) -> NoReturn:
        raise Refusal("usage", "命令不对", message, f"{self.prog} --help")


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = Parser(prog="anlan", description="安澜：一个县的安全")
    top.add_argument("--json", action="store_true", help="只在标准输出打印一个 JSON 对象")
    subs = top.add_subparsers(dest="first", required=True, metavar="命令", parser_class=Parser)
    groups: dict[str, Any] = {}
    for command in COMMANDS:
        first, _space, second = command.words.partition(" ")
        if not second:
            own = subs.add_parser(first, help=command.help)
        else:
            if first not in groups:
                seconds = [c.words.split()[1] for c in COMMANDS if c.words.startswith(f"{first} ")]
                group = subs.add_parser(first, help="、".join(seconds))
                groups[first] = group.add_subparsers(
                    dest="second", required=True, metavar="动作", parser_class=Parser
                )
            own = groups[first].add_parser(second, help=command.help)
        own.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
        for name, options in command.arguments:
            own.add_argument(name, **options)
        own.set_defaults(command=command)
    return top


def main(argv: list[str] | None = None) -> NoReturn:
    """Run one command and exit with its code."""
    words = sys.argv[1:] if argv is None else argv
    as_json = "--json" in words
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        options = parser().parse_args(words)
        code, answer, text = options.command.run(options)
    except Refusal as refusal:
        _refuse(refusal, as_json)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        _refuse(_unexpected(error), as_json)
    _print(json.dumps(answer, ensure_ascii=False, default=str) if as_json else text)
    sys.exit(code)


def _print(text: str) -> None:
    """To standard output; a reader that went away (`| head`) is no error."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unexpected(error: Exception) -> Refusal:
    """What nobody foresaw: in words, with the whole of it in a file to send to whoever mends it."""
    import psycopg

    if isinstance(error, psycopg.OperationalError) or "OperationalError" in type(error).__name__:
        said = str(error).strip()[-300:]
        return NotRunning("database-away", "数据库没有回答", said, "make up；还不行看 anlan doctor")
    with tempfile.NamedTemporaryFile(
        "w", prefix="anlan-fault-", suffix=".txt", delete=False, encoding="utf-8"
    ) as handle:
        traceback.print_exception(error, file=handle)
    said = f"{type(error).__name__}: {error}"[:300]
    return NotRunning(
        "unexpected", f"没有料到的错误：{said}", handle.name, "anlan doctor；请把这个文件发给维护者"
    )


def _refuse(refusal: Refusal, as_json: bool) -> NoReturn:
    if as_json:
        _print(json.dumps({"error": refusal.as_dict()}, ensure_ascii=False))
    else:
        lines = [refusal.message, refusal.place and f"  在哪里：{refusal.place}",
                 refusal.mend and f"  怎么办：{refusal.mend}"]  # fmt: skip
        print("\n".join(line for line in lines if line), file=sys.stderr)
    sys.exit(NOT_RUNNING if isinstance(refusal, NotRunning) else REFUSED)
