"""The pages and the JSON of the telephone box, by the standard library's threading server."""

from __future__ import annotations

import html
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote, unquote, urlsplit

from phonebox.centre import Centre
from phonebox.contacts import Contacts
from phonebox.crowd import CODE, Crowd
from phonebox.store import Store

STATIC = Path(__file__).parent / "static"
KINDS = {".css": "text/css", ".js": "text/javascript"}
BODY_BYTES_MAX = 4096
TEXT_CHARS_MAX = 500
WAIT_S = 25.0
LINK = re.compile(r"https?://[!-~]+")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Box:
    """What the pages show and act on."""

    def __init__(self, store: Store, centre: Centre, crowd: Crowd, contacts: Contacts):
        self.store, self.centre, self.crowd, self.contacts = store, centre, crowd, contacts
        self.changed = threading.Condition()
        self.turn = 0

    def notify(self) -> None:
        with self.changed:
            self.turn += 1
            self.changed.notify_all()

    def wait(self, seen: int) -> int:
        with self.changed:
            self.changed.wait_for(lambda: self.turn != seen, WAIT_S)
            return self.turn


class Handler(BaseHTTPRequestHandler):
    box: ClassVar[Box]
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, format: str, *args: Any) -> None:
        return

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        parts = [unquote(part) for part in url.path.split("/") if part]
        if parts[:1] == ["static"] and len(parts) == 2:
            self._static(parts[1])
        elif parts == ["api", "phones"]:
            self._json(_phones(self.box, query.get("q", "")))
        elif parts[:2] == ["api", "phones"] and len(parts) == 3:
            self._json(self.box.store.of_phone(parts[2]))
        elif parts == ["api", "messages"]:
            self._json(self.box.store.since(_int(query.get("since"))))
        elif parts == ["api", "wait"]:
            self._json({"turn": self.box.wait(_int(query.get("turn")))})
        elif parts[:1] == ["phone"] and len(parts) == 2:
            self._page(_phone(self.box, parts[1]))
        elif not parts:
            self._page(_list(self.box, query.get("q", "")))
        else:
            self._send(404, "text/plain", "没有这一页".encode())

    def do_POST(self) -> None:
        length = _int(self.headers.get("Content-Length"))
        if length > BODY_BYTES_MAX:
            self._send(413, "text/plain", "太长".encode())
            return
        raw = self.rfile.read(length)
        if not self._own_origin():
            self._send(403, "text/plain", b"origin")
            return
        is_json = "json" in (self.headers.get("Content-Type") or "")
        try:
            body: dict[str, Any] = (
                json.loads(raw or b"{}")
                if is_json
                else {k: v[0] for k, v in parse_qs(raw.decode()).items()}
            )
        except (ValueError, UnicodeDecodeError):
            self._send(400, "text/plain", b"body")
            return
        parts = [unquote(part) for part in urlsplit(self.path).path.split("/") if part]
        if parts[:2] == ["api", "phones"] and parts[3:] == ["send"]:
            self._say(parts[2], str(body.get("text", "")), is_json)
        elif parts == ["api", "auto"]:
            self._auto(body, is_json)
        else:
            self._send(404, "text/plain", b"")

    def _own_origin(self) -> bool:
        """A page of somewhere else must not make telephones answer."""
        origin = self.headers.get("Origin")
        return origin is None or urlsplit(origin).netloc == self.headers.get("Host")

    def _say(self, phone: str, text: str, is_json: bool) -> None:
        if not text.strip() or len(text) > TEXT_CHARS_MAX:
            self._send(400, "text/plain", "请写 1 到 500 字".encode())
            return
        rows = self.box.store.of_phone(phone)
        peer = next((row["peer"] for row in reversed(rows) if row["direction"] == "in"), "12379")
        ident = self.box.centre.answer(phone, peer, text.strip())
        self._done({"id": ident}, f"/phone/{quote(phone)}", is_json)

    def _auto(self, body: dict[str, Any], is_json: bool) -> None:
        delay = body.get("delay_s") or [5, 60]
        crowd = self.box.crowd
        on = str(body.get("on", "")).lower() in ("1", "true", "on")
        crowd.set(
            on, float(body.get("no_answer", 0.3)), (float(delay[0]), float(delay[1])),
            _int(body.get("seed")) or 1,
        )  # fmt: skip
        crowd.wake(self.box.store.unanswered())
        self.box.notify()
        self._done({"on": crowd.on}, "/", is_json)

    def _done(self, answer: dict[str, Any], back: str, is_json: bool) -> None:
        if is_json:
            self._json(answer)
            return
        self.send_response(303)
        self.send_header("Location", back)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _static(self, name: str) -> None:
        path = STATIC / name
        if path.suffix not in KINDS or not path.is_file() or path.parent != STATIC:
            self._send(404, "text/plain", b"")
            return
        self._send(200, KINDS[path.suffix], path.read_bytes())

    def _page(self, content: str) -> None:
        self._send(200, "text/html", content.encode())

    def _json(self, value: Any) -> None:
        self._send(200, "application/json", json.dumps(value, ensure_ascii=False).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


def serve(box: Box, port: int) -> ThreadingHTTPServer:
    """The server, started in a thread of its own."""
    handler = type("BoundHandler", (Handler,), {"box": box})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="pages", daemon=True).start()
    return server


def _int(value: object) -> int:
    try:
        return max(0, int(str(value)))
    except ValueError:
        return 0


def _frame(title: str, body: str, turn: int) -> str:
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{html.escape(title)}</title>"
        '<link rel="stylesheet" href="/static/box.css">'
        '<script src="/static/box.js" defer></script></head>'
        f'<body data-turn="{turn}"><header><a href="/">电话箱</a>'
        "<small>演示 · 这里的号码和短信都不出本机</small></header>"
        f"<main>{body}</main></body></html>"
    )


def _phones(box: Box, sought: str) -> list[dict[str, Any]]:
    """Telephones with who answers them; sought by number, name, post or content."""
    rows = box.store.phones(sought, box.contacts.named(sought))
    for row in rows:
        own = box.contacts.of(row["phone"])
        row |= {"name": own.name, "post": own.post}
    return rows


def _list(box: Box, sought: str) -> str:
    rows = _phones(box, sought)
    unread = sum(1 for row in rows if row["unread"])
    items = "".join(
        f'<li><a href="/phone/{quote(row["phone"])}">'
        + f"<b>{html.escape(row['name'] or row['phone'])}</b>"
        + f"<small>{_place(row['post'], row['phone'] if row['name'] else '')}</small>"
        + (f"<mark>{row['unread']}</mark>" if row["unread"] else "")
        + f"<time>{_clock(row['at'])}</time>"
        + f"<span>{'答：' if row['direction'] == 'out' else ''}"
        f"{html.escape(row['text'])}</span></a></li>"
        for row in rows
    )
    empty = "<p>还没有短信。发出叫应后，每部电话的短信会出现在这里。</p>"
    crowd = box.crowd
    switch = (
        '<form method="post" action="/api/auto" class="crowd">'
        f'<input type="hidden" name="on" value="{"" if crowd.on else "1"}">'
        f"<button>{'停止' if crowd.on else '让大家'}自动应答</button>"
        f"<small>{'正在自动应答，约' if crowd.on else '开启后约'}"
        f"{round((1 - crowd.no_answer) * 100)}%的电话会在一分钟内应答</small></form>"
    )
    head = f"<h1>{unread} 部电话有未读短信</h1>" if rows else "<h1>电话都安静</h1>"
    search = (
        '<form class="search"><input name="q" type="search"'
        ' placeholder="姓名、岗位、号码或内容　按 / 搜索"'
        f' value="{html.escape(sought)}" aria-label="搜索"></form>'
    )
    body = head + switch + search + (f'<ul class="phones">{items}</ul>' if rows else empty)
    return _frame("电话箱", body, box.turn)


def _phone(box: Box, phone: str) -> str:
    rows = box.store.of_phone(phone, mark_seen=True)
    code = next(
        (m.group(1) for row in reversed(rows) if row["direction"] == "in"
         and (m := CODE.search(row["text"]))), "",
    )  # fmt: skip
    bubbles = "".join(
        f'<li class="{row["direction"]}"><p>{_linked(row["text"])}</p>'
        f"<time>{_clock(row['at'])}{_fate(row)}</time></li>"
        for row in rows
    )
    quick = "".join(
        f'<button name="text" value="{code}{suffix}">{label}<small>{code}{suffix}</small></button>'
        for suffix, label in (("", "收到"), (" 2", "需支援"), (" 9", "打错了"))
        if code
    )
    own = box.contacts.of(phone)
    title = f"{own.name} {phone}".strip()
    action = f"/api/phones/{quote(phone)}/send"
    body = (
        f'<p class="back"><a href="/">‹ 全部电话</a></p><h1>{html.escape(own.name or phone)}</h1>'
        f"<p><small>{_place(own.post, phone if own.name else '')}</small></p>"
        f'<ol class="messages">{bubbles or "<p>没有短信</p>"}</ol>'
        f'<form method="post" action="{action}" class="quick">{quick}</form>'
        f'<form method="post" action="{action}" class="free"><input name="text" maxlength="500"'
        ' required placeholder="写短信" aria-label="写短信"><button>发送</button></form>'
    )
    return _frame(title, body, box.turn)


def _place(*parts: str) -> str:
    """Post and number beside a name."""
    return html.escape(" · ".join(part for part in parts if part))


def _fate(row: dict[str, Any]) -> str:
    if row["direction"] == "in":
        return ""
    return " · 已送达" if row["delivered"] else " · 等待送达"


def _linked(text: str) -> str:
    out, at = "", 0
    for found in LINK.finditer(text):
        url = html.escape(found.group(0))
        out += html.escape(text[at : found.start()]) + f'<a href="{url}" target="_blank">{url}</a>'
        at = found.end()
    return out + html.escape(text[at:])


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.gmtime(at + 8 * 3600))
