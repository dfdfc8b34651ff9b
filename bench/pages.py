"""How fast every page of the console answers with eight clients, in a county with a night in it.

A demonstration county of its own; the bureau's text is pasted, approved, and calls have gone out.
Pages are found as a person finds them: signed in as the duty officer, every link of the first page
and the links behind those, one of each kind; and the telephone's answer page out of a message.
Each client asks each page in turn, on loopback, a bounded number of times.

    python -m bench.pages [--clients 8] [--times 25]
"""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from anlan.ground.machine import site
from anlan.ground.machine.processes import environment
from bench.sizes import measured

PAGES_MAX = 60
CALLS_S_MAX = 60
P99_MS_MAX = 1000.0
HREF = re.compile(r'href="(/[^"#]*)"')
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
LINK = re.compile(r"https?://[^\s/]+(/\S+)")
NOT_PAGES = ("/static/", "/accounts/logout", "/first/", "/export", "/language")
NIGHT = """
import django; django.setup()
from dataclasses import replace
from anlan.ground.scope import Scope
from anlan.rooms.warning import actions
text = ("垫江县气象台2024年7月10日22时15分发布暴雨橙色预警信号：过去3小时，澄溪、沙坪等乡镇"
        "降雨量已达50毫米以上，预计未来3小时降雨仍将持续，请注意防范。")
scope = Scope.for_command("bench")
one, other = (replace(scope, actor=replace(scope.actor, id=n, person_id=n)) for n in (1, 2))
row = actions.paste(one, text)
row = actions.revise(one, row.id, row.version, {"settled": [d["code"] for d in row.doubts]})
row = actions.submit(one, row.id, row.version)
actions.approve(other, row.id, row.version)
"""


def sign_in(link: str) -> str:
    """Spend the duty officer's link; returns the Cookie header."""
    jar = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    with opener.open(link, timeout=30) as page:
        token = CSRF.search(page.read().decode())
    assert token is not None, "the link's page has no form"
    opener.open(link, data=urlencode({"csrfmiddlewaretoken": token[1]}).encode(), timeout=30)
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def ask(port: int, path: str, cookie: str) -> tuple[int, bytes, float]:
    """Status, body and milliseconds of one page, connection included."""
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"Cookie": cookie, "Accept": "text/html"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body, (time.monotonic() - began) * 1000


def kind(path: str) -> str:
    """One of each kind: numbers of a path and its query do not make another page."""
    return re.sub(r"\d+", "N", urlsplit(path).path)


def pages(port: int, cookie: str) -> dict[str, str]:
    """kind → path of every page within two links of the first one."""
    found, todo = {"/": "/"}, ["/"]
    for depth in range(2):
        following: list[str] = []
        for path in todo:
            _status, body, _ms = ask(port, path, cookie)
            for link in HREF.findall(body.decode(errors="replace")):
                if kind(link) not in found and not link.startswith(NOT_PAGES):
                    found[kind(link)] = link
                    following.append(link)
        todo = following[:PAGES_MAX]
        assert depth < PAGES_MAX
    return dict(list(found.items())[:PAGES_MAX])


def answer_page(box: str) -> str | None:
    """The path of an answer page out of a message that has arrived at a telephone."""
    deadline = time.monotonic() + CALLS_S_MAX
    while time.monotonic() < deadline:
        with urllib.request.urlopen(f"{box}api/messages?since=0", timeout=10) as page:
            for message in json.load(page):
                link = LINK.search(message.get("text", ""))
                if link:
                    return link[1]
        time.sleep(0.5)
    return None


def measure(jobs: list[tuple[str, int, str]], cookie: str, clients: int, times: int) -> None:
    """Every client asks every page in turn; prints p50 and p99 of each, in milliseconds."""
    taken: dict[str, list[float]] = {name: [] for name, _port, _path in jobs}
    failed: dict[str, int] = {}

    def client(number: int) -> None:
        for turn in range(times):
            for step in range(len(jobs)):
                name, port, path = jobs[(step + number + turn) % len(jobs)]
                status, _body, ms = ask(port, path, cookie)
                taken[name].append(ms)
                if status != 200:
                    failed[f"{name} {status}"] = failed.get(f"{name} {status}", 0) + 1

    began = time.monotonic()
    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    count, seconds = sum(map(len, taken.values())), time.monotonic() - began
    for name, all_ms in taken.items():
        own = sorted(all_ms)
        p50, p99 = own[len(own) // 2], own[min(len(own) - 1, int(len(own) * 0.99))]
        print(f"  {name:28} p50 {p50:7.1f} ms  p99 {p99:7.1f} ms"
              f"{'  over ' + str(int(P99_MS_MAX)) if p99 > P99_MS_MAX else ''}")  # fmt: skip
    print(f"{count} pages by {clients} clients in {seconds:.1f} s, {count / seconds:.0f} a second")
    print(f"not 200: {failed or 'none'}")


def main() -> None:
    with measured(__doc__, clients=(8, 8), times=(25, 5)) as options:
        root = Path(tempfile.mkdtemp(prefix="anlan-bench-"))
        root.chmod(0o755)
        kept = {k: v for k, v in os.environ.items() if not k.startswith("ANLAN_")}
        own = kept | {"ANLAN_ROOT": str(root)}
        anlan = [sys.executable, "-m", "anlan"]
        try:
            up = subprocess.run([*anlan, "up", "--json"], env=own, capture_output=True, check=True)
            answer = json.loads(up.stdout)
            county = site(root / "counties" / "500231")
            subprocess.run(
                [sys.executable, "-c", NIGHT], env=environment(county, "worker"), check=True
            )
            cookie = sign_in(answer["links"]["duty"])
            telephone = answer_page(answer["phonebox"])
            found = pages(county.ports["console"], cookie)
            jobs = [(name, county.ports["console"], path) for name, path in found.items()]
            if telephone:
                jobs.append(("telephone: answer", county.ports["public"], telephone))
            print(f"{len(jobs)} pages, {options.clients} clients, {options.times} times each")
            measure(jobs, cookie, options.clients, options.times)
        finally:
            subprocess.run([*anlan, "down"], env=own, check=False, stdout=subprocess.DEVNULL)
            shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
