"""`anlan keys …`: a new key while the county runs, and the keys in escrow."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from anlan.faces.cli import asking
from anlan.faces.cli.answers import Answer
from anlan.faces.cli.looking import running_county
from anlan.ground import secrets
from anlan.ground.errors import Refusal
from anlan.ground.machine import Site, escrow
from anlan.ground.machine.site import write_whole

SCHEMA = "anlan.keys/1"
WORD = "托管密钥的口令："


def keys_status(_options: argparse.Namespace) -> Answer:
    """Which keys there are, what is still under old ones, and whether escrow holds them all."""
    own = running_county()
    from anlan.ground import upkeep

    held = secrets.load(own.keys)
    old = upkeep.under_old_keys(_scope("keys-status"))
    state = escrow.state(own)
    answer = {"schema": SCHEMA, "current": held.current, "numbers": sorted(held.by_number),
              "under_old_keys": old, "escrow": state}  # fmt: skip
    words = {"none": "没有托管", "behind": "托管的少了新的一把", "whole": "已托管，齐全"}
    text = (
        f"第 {held.current} 把在用，共 {len(held.by_number)} 把；"
        f"旧密钥下还有 {old} 个值；{words[state]}"
    )
    return 0, answer, text


def keys_offline(options: argparse.Namespace) -> Answer:
    """A new offline key: the private part for a safe, the public part for `keys escrow`."""
    private_path, public_path = Path(options.file), Path(f"{options.file}.pub")
    for path in (private_path, public_path):
        if path.exists():
            raise Refusal("file-there", "这个文件已经有了，不覆盖", str(path), "换一个文件名")
    private, public = escrow.make_offline()
    try:
        descriptor = os.open(private_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(private)
            handle.flush()
            os.fsync(handle.fileno())
        public_path.write_bytes(public)
    except OSError as error:
        raise Refusal("file-write", "文件写不进去", str(error), "换一个位置") from error
    text = (
        f"私钥 {private_path}：存到 U 盘锁起来，本机上的删掉\n"
        f"公钥 {public_path}：anlan keys escrow --to {public_path}"
    )
    return 0, {"schema": SCHEMA, "private": str(private_path), "public": str(public_path)}, text


def keys_escrow(options: argparse.Namespace) -> Answer:
    """Seal the keys for a passphrase or an offline key; every later backup carries the envelope."""
    own = running_county()
    envelope = _sealed(own, options.to, options.passphrase_file)
    if options.file:
        _copy(Path(options.file), envelope)
    put(own, envelope)
    _record(envelope)
    kind = "离线私钥" if envelope["kind"] == "offline" else "口令"
    text = f"密钥已托管，用{kind}打开；以后的备份都带着它。{kind}丢了就打不开，请妥善保存"
    answer = {"schema": SCHEMA, "kind": envelope["kind"], "numbers": envelope["numbers"],
              "file": options.file}  # fmt: skip
    return 0, answer, text


def keys_rotate(options: argparse.Namespace) -> Answer:
    """A new key while everything runs; escrow is renewed with it, or nothing changes."""
    own = running_county()
    before = escrow.read(own.keys / escrow.ENVELOPE)
    word = _same_word(before, options.passphrase_file)
    from anlan.ground import upkeep

    newer = upkeep.rotate_keys(_scope("keys-rotate"))
    if before is not None:
        renewed = _renewed(own, before, newer, word)
        put(own, renewed)
        _record(renewed)
    old = upkeep.under_old_keys(_scope("keys-rotate"))
    answer = {"schema": SCHEMA, "current": newer.current, "numbers": sorted(newer.by_number),
              "under_old_keys": old, "escrow": escrow.state(own)}  # fmt: skip
    kept = "；托管的已更新" if before is not None else "；还没有托管：anlan keys escrow"
    text = (
        f"第 {newer.current} 把密钥已启用，{old} 个旧值由 keys.reseal 分批换过来，其间照常使用"
        f"{kept}\n  以前的备份仍用旧密钥，旧密钥留在 fields.json 里"
    )
    return 0, answer, text


def _same_word(before: escrow.Envelope | None, file: str | None) -> str:
    """The passphrase of the present escrow, tried before anything changes."""
    if before is None or before["kind"] != "passphrase":
        return ""
    word = asking.passphrase(file, WORD)
    if not word:
        raise Refusal(
            "passphrase-needed", "密钥用口令托管，换密钥时托管也要更新", escrow.ENVELOPE,
            "加上 --passphrase-file 文件，或在终端里输入",
        )  # fmt: skip
    escrow.open_with_passphrase(before, word)
    return word


def _renewed(own: Site, before: escrow.Envelope, newer: secrets.Keys, word: str) -> escrow.Envelope:
    numbers = sorted(newer.by_number)
    if before["kind"] == "offline":
        public = str(before["public"]).encode()
        return escrow.to_offline(newer.content(), own.code, numbers, public)
    return escrow.with_passphrase(newer.content(), own.code, numbers, word)


def _sealed(own: Site, to: str | None, passphrase_file: str | None) -> escrow.Envelope:
    held = secrets.load(own.keys)
    numbers = sorted(held.by_number)
    if to:
        path = Path(to)
        if not path.is_file() or path.stat().st_size > escrow.ENVELOPE_BYTES_MAX:
            raise Refusal("file-missing", "没有这个公钥文件", to, "anlan keys offline 文件")
        return escrow.to_offline(held.content(), own.code, numbers, path.read_bytes())
    word = asking.passphrase(passphrase_file, WORD, twice=True)
    if not word:
        raise Refusal(
            "passphrase-needed", "要有口令或离线公钥", "",
            "--passphrase-file 文件、--to 公钥文件，或在终端里输入口令",
        )  # fmt: skip
    return escrow.with_passphrase(held.content(), own.code, numbers, word)


def put(own: Site, envelope: escrow.Envelope) -> None:
    """Where backups find it."""
    path = own.keys / escrow.ENVELOPE
    write_whole(path, json.dumps(envelope, ensure_ascii=False))
    path.chmod(0o600)


def _copy(path: Path, envelope: escrow.Envelope) -> None:
    if path.exists():
        raise Refusal("file-there", "这个文件已经有了，不覆盖", str(path), "换一个文件名")
    try:
        write_whole(path, json.dumps(envelope, ensure_ascii=False))
        path.chmod(0o600)
    except OSError as error:
        raise Refusal("file-write", "文件写不进去", str(error), "换一个位置") from error


def _record(envelope: escrow.Envelope) -> None:
    from anlan.ground import upkeep

    numbers = [int(n) for n in envelope["numbers"]]
    upkeep.record_escrow(_scope("keys-escrow"), str(envelope["kind"]), numbers)


def _scope(name: str) -> Any:
    from anlan.ground.scope import Scope

    return Scope.for_command(name, frozenset({"system.manage"}))
