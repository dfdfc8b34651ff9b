"""One message through the county's SMS centre, step by step (`anlan gateway test`).

Flows in: the centre, and a number whose owner has sent us today's code from it: nobody is written
to who did not ask for it. Flows out: each step with what the centre said. A demonstration county
reaches this machine only.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import smpplib.client
import smpplib.exceptions
from smpplib import smpp

from anlan.engines.callout.gateway import CONNECT_S_MAX, LOOPBACK, READ_S, UCS2, Centre
from anlan.engines.callout.models import Inbound
from anlan.ground import clock, journal, secrets
from anlan.ground.actions import action
from anlan.ground.errors import Refusal
from anlan.ground.scope import Scope

RESPONSE_S_MAX = 20.0
CODE_DIGITS = 6
CONFIRMED_S = 24 * 3600
MESSAGES_READ_MAX = 50
WORD = "测试"
NUMBER_CHARS = (5, 20)
LOST = (smpplib.exceptions.PDUError, smpplib.exceptions.ConnectionError)


@dataclass(frozen=True, slots=True)
class Step:
    """name: configured, connected, bound, submitted or answered. said: in words."""

    name: str
    good: bool
    said: str


def code_for(number: str, day: str) -> str:
    """What the owner of the number sends us on this day (YYYY-MM-DD): six digits."""
    made = secrets.keyed_hash("gateway-test", f"{number} {day}")
    return f"{int.from_bytes(made[:8], 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def refuse_outside(centre: Centre, demo: bool) -> None:
    """A demonstration county sends to this machine only."""
    if demo and centre.host not in LOOPBACK:
        raise Refusal(
            "demo-outside", "演示县只能发到本机的电话箱", f"{centre.host}:{centre.port}",
            "unset ANLAN_SMPP 再试；真的短信中心请在正式的县里试",
        )  # fmt: skip


def refuse_unconfirmed(scope: Scope, centre: Centre, number: str) -> None:
    """Refusal that says what to send, unless the owner has sent it within a day."""
    low, high = NUMBER_CHARS
    if not (number.isascii() and number.isdigit() and low <= len(number) <= high):
        raise Refusal("number", "号码应只有数字", number, f"{low} 到 {high} 位，不带 +86")
    with scope.open():
        now = clock.now(0)
        if _confirmed(number, now):
            return
    day = clock.local(now).date().isoformat()
    raise Refusal(
        "number-unconfirmed", "这个号码的机主还没有确认，没有发", number,
        f"请用这部手机发短信 {WORD}{code_for(number, day)} 到 {centre.source}"
        "（一天内有效），再运行一次",
    )  # fmt: skip


def _confirmed(number: str, now: datetime) -> bool:
    """Whether a message with the code of its day came from the number within a day."""
    rows = Inbound.objects.filter(
        number_hash=secrets.keyed_hash("phone", number), world=0,
        received_at__gte=now - timedelta(seconds=CONFIRMED_S), received_at__lte=now,
    ).order_by("-id")[:MESSAGES_READ_MAX]  # fmt: skip
    return any(
        f"{WORD}{code_for(number, clock.local(row.received_at).date().isoformat())}"
        in str(row.text).replace(" ", "")
        for row in rows
    )


@action("system.manage", journal="gateway.tested")
def record(scope: Scope, number: str, steps: list[Step]) -> None:
    """A line for the trial; the number is masked."""
    told = "；".join(f"{s.name} {'ok' if s.good else s.said}" for s in steps)
    journal.line(scope, "gateway.tested", ("number", secrets.mask_phone(number)), why=told,
                 result="done" if steps[-1].good else "failed")  # fmt: skip


def send(centre: Centre, number: str, text: str) -> list[Step]:
    """Connect, bind, submit, wait for the answer; stops at the first step that fails."""
    steps = [Step("configured", True, f"{centre.host}:{centre.port}，账号 {centre.system_id}，"
                  f"主叫 {centre.source}")]  # fmt: skip
    client = smpplib.client.Client(
        centre.host, centre.port, timeout=READ_S, allow_unknown_opt_params=True
    )
    try:
        for run in (_connect, _bind, _submit):
            step = run(client, centre, number, text)
            steps.append(step)
            if not step.good:
                break
    finally:
        _leave(client)
    return steps


def _connect(client: smpplib.client.Client, centre: Centre, _number: str, _text: str) -> Step:
    try:
        with socket.create_connection((centre.host, centre.port), CONNECT_S_MAX):
            pass
        client.connect()
    except (OSError, *LOST) as error:
        return Step("connected", False, f"连不上：{error}；核对 ANLAN_SMPP、网络和防火墙")
    return Step("connected", True, "连上了")


def _bind(client: smpplib.client.Client, centre: Centre, _number: str, _text: str) -> Step:
    try:
        client.bind_transmitter(system_id=centre.system_id, password=centre.password)
    except (OSError, *LOST) as error:
        said = f"短信中心不让登录：{_said(error)}；核对 ANLAN_SMPP_ID、ANLAN_SMPP_PASSWORD 和连接数"
        return Step("bound", False, said)
    return Step("bound", True, "登录了")


def _submit(client: smpplib.client.Client, centre: Centre, number: str, text: str) -> Step:
    answers: list[smpp.pdu.PDU] = []
    client.set_message_sent_handler(lambda pdu, **_more: answers.append(pdu))
    client.set_error_pdu_handler(answers.append)
    began = time.monotonic()
    try:
        client.send_message(
            source_addr_ton=5, source_addr_npi=0, source_addr=centre.source, dest_addr_ton=1,
            dest_addr_npi=1, destination_addr=number, data_coding=UCS2,
            short_message=text.encode("utf-16-be"), registered_delivery=0,
        )  # fmt: skip
        while not answers and time.monotonic() - began < RESPONSE_S_MAX:
            client.read_once(auto_send_enquire_link=False)
    except (OSError, *LOST) as error:
        return Step("answered", False, f"短信中心没有收下：{_said(error)}")
    if not answers:
        return Step("answered", False, f"{RESPONSE_S_MAX:.0f} 秒没有回应")
    if answers[0].status:
        return Step("answered", False, f"短信中心没有收下：状态 {answers[0].status:#x}")
    ref = (
        bytes(getattr(answers[0], "message_id", b"") or b"")
        .rstrip(b"\0")
        .decode("ascii", "replace")
    )
    return Step("answered", True, f"短信中心收下了，编号 {ref}；请看那部手机")


def _said(error: Exception) -> str:
    status = error.args[-1] if error.args else None
    if isinstance(status, int):
        return f"状态 {status:#x}"
    return str(error)[:200] or "连接断了"


def _leave(client: smpplib.client.Client) -> None:
    try:
        client.unbind()
        client.disconnect()
    except (
        OSError,
        smpplib.exceptions.PDUError,
        smpplib.exceptions.ConnectionError,
        AttributeError,
    ):
        return
