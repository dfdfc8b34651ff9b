"""`anlan packs …`: what is wrong in a pack, where, and how to put it right. Needs no county."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from anlan.faces.cli.answers import Answer
from anlan.ground.errors import Refusal

SCHEMA = "anlan.packs/1"
DOCS_SCHEMA = "anlan.packs.docs/1"
TEST_SCHEMA = "anlan.packs.test/1"
TEMPLATE_LABEL = "规则包名称"


def check(options: argparse.Namespace) -> Answer:
    """Every fault with file, line, key, what is wrong and the mend; 1 where there is any."""
    from anlan.ground.policy import check as checking
    from anlan.ground.policy import packs

    folder = Path(options.folder) if options.folder else packs.PACKS
    if not folder.is_dir():
        raise Refusal("folder-missing", "没有这个文件夹", str(folder), "写规则包所在的文件夹")
    found = checking.check(folder)
    answer = {
        "schema": SCHEMA, "packs": found.packs,
        "faults": [asdict(fault) for fault in found.faults],
    }  # fmt: skip
    if not found.faults:
        return 0, answer, f"{len(found.packs)} 个规则包，没有问题"
    lines = [
        f"{fault.file}:{fault.line} {fault.key}\n    {fault.what}\n    怎么办：{fault.mend}"
        for fault in found.faults
    ]
    return 1, answer, "\n".join([*lines, f"{len(found.faults)} 处问题"])


def new(options: argparse.Namespace) -> Answer:
    """A pack from the template, checked at once; refused where the folder is there already."""
    import yaml

    from anlan.ground.policy import check as checking
    from anlan.ground.policy import packs

    folder, label = Path(options.folder), str(options.label).strip()
    if not checking.NAME.fullmatch(folder.name):
        raise Refusal("pack-name", "规则包的名称不合规", folder.name,
                      "文件夹名以小写字母开头，只用小写字母、数字、下划线")  # fmt: skip
    if folder.exists():
        raise Refusal("pack-there", "已经有这个文件夹", str(folder), "换一个名称，或先移走它")
    if not folder.parent.is_dir():
        raise Refusal("folder-missing", "没有上一级文件夹", str(folder.parent), "先建好它")
    template = packs.PACKS / "_template"
    found = {path.name: path.read_text(encoding="utf-8") for path in template.glob("*.yaml")}
    said = yaml.safe_dump({"label": label}, allow_unicode=True, width=1000)
    found["pack.yaml"] = found["pack.yaml"].replace(f"label: {TEMPLATE_LABEL}\n", said)
    folder.mkdir()
    for name, text in found.items():
        (folder / name).write_text(text, encoding="utf-8")
    faults = checking.check(folder).faults
    if faults:
        for name in found:
            (folder / name).unlink()
        folder.rmdir()
        raise Refusal("pack-label", f"名称{faults[0].what}", label[:40], faults[0].mend)
    answer = {"schema": SCHEMA, "packs": [folder.name], "files": sorted(found), "faults": []}
    return (
        0,
        answer,
        (f"已建 {folder}：{'、'.join(sorted(found))}\n改好后运行：anlan packs check {folder}"),
    )


def docs(options: argparse.Namespace) -> Answer:
    """A page a pack, printed or written as files; facts: what indicators may name instead."""
    from anlan.ground.policy import packs, pages_of_packs

    if options.facts:
        text = pages_of_packs.facts_page()
        return 0, {"schema": DOCS_SCHEMA, "pages": [{"pack": "", "text": text}]}, text.rstrip()
    folder = Path(options.folder) if options.folder else packs.PACKS
    own = [folder] if (folder / "pack.yaml").is_file() else packs.folders(folder)
    if not folder.is_dir() or not own:
        raise Refusal("folder-missing", "这里没有规则包", str(folder), "写规则包所在的文件夹")
    try:
        pages = [{"pack": one.name, "text": pages_of_packs.page(one)} for one in own]
    except (packs.PackFault, KeyError, TypeError, AttributeError, OSError) as broken:
        raise Refusal(
            "pack-broken", "规则包有问题，写不出来", str(folder), "先运行 anlan packs check"
        ) from broken
    if options.to:
        written = _write(Path(options.to), pages)
        return 0, {"schema": DOCS_SCHEMA, "pages": pages}, f"已写 {len(written)} 页到 {options.to}"
    return 0, {"schema": DOCS_SCHEMA, "pages": pages}, "\n".join(p["text"] for p in pages).rstrip()


def test(options: argparse.Namespace) -> Answer:
    """Play the situations of packs as written; 1 where one goes otherwise. Needs no county."""
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(USE_I18N=False, LANGUAGE_CODE="zh-hans")
        django.setup()
    from anlan.county.rights import table
    from anlan.engines.cases import situations
    from anlan.engines.cases.types import compiled
    from anlan.ground.policy import check as checking
    from anlan.ground.policy import packs

    folder = Path(options.folder) if options.folder else packs.PACKS
    own = [folder] if (folder / "pack.yaml").is_file() else packs.folders(folder)
    if not folder.is_dir() or not own:
        raise Refusal("folder-missing", "这里没有规则包", str(folder), "写规则包所在的文件夹")
    if checking.check(folder).faults:
        raise Refusal(
            "pack-broken", "规则包有问题，先改好", str(folder), "先运行 anlan packs check"
        )
    found = []
    for one in own:
        said = packs.section(one.name, "situations", one.parent)
        cases = packs.section(one.name, "cases", one.parent)
        kinds = {f"{one.name}.{key}": compiled(f"{one.name}.{key}", entry)
                 for key, entry in cases.items()}  # fmt: skip
        found += [
            (one.name, row) for row in situations.of_pack(one.name, said, kinds, table().posts)
        ]
    rows = [{"pack": pack, **asdict(row), "passed": row.passed} for pack, row in found]
    failed = [(pack, row) for pack, row in found if not row.passed]
    may = "可以"
    lines = [
        f"{pack} {row.name}：第 {row.step} 步应为 {row.wanted or may}，实为 {row.found or may}"
        for pack, row in failed
    ]
    lines.append(
        f"{len(found)} 个情形，{len(failed)} 个不对" if failed else f"{len(found)} 个情形，都对"
    )
    return (1 if failed else 0), {"schema": TEST_SCHEMA, "situations": rows}, "\n".join(lines)


def _write(folder: Path, pages: list[dict[str, str]]) -> list[Path]:
    if not folder.is_dir():
        raise Refusal("folder-missing", "没有这个文件夹", str(folder), "先建好它")
    written = [folder / f"{page['pack']}.md" for page in pages]
    for path, page in zip(written, pages, strict=True):
        path.write_text(page["text"], encoding="utf-8")
    return written
