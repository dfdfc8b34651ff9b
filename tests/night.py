"""One night with something in every table, and a sample for every part of an address.

Everything of the first township carries a canary, so that a page that shows it elsewhere is caught.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from anlan.ground.scope import Scope
from tests.conftest import COUNTY, TOWNSHIPS, VILLAGES

TEXT = "垫江县气象台2024年7月10日22时15分发布暴雨橙色预警信号，影响澄溪镇。"
CANARY = "金丝雀"
INDICATOR = "warning.reached_in_time"
CANARY_NUMBER = "13987654321"
CANARY_MASKED = "139****4321"
QUERIES = ("", "?q=金丝雀", "?q=13987654321", "?state=fallback", "?callout={callout_id}",
           "?action=callout")  # fmt: skip


def patterns(node: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every address of a urlconf with its view; built files are none of ours."""
    for entry in node.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, path)
        elif isinstance(entry, URLPattern) and not path.startswith("^static/"):
            yield path, entry.callback


CONSOLE = dict(patterns(get_resolver("anlan.faces.http.urls")))
PORTAL = dict(patterns(get_resolver("anlan.faces.portal.urls")))


def address(path: str, ids: dict[str, Any]) -> str:
    """The address with a sample in each of its parts; KeyError where a part has none."""
    if path.startswith("^s/"):
        return "/s/p.css"
    known = ids | {"name": "callout.minutes_red" if path.startswith("policy/") else INDICATOR}
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(known[found[1]]), path)


def words(answer: Any) -> str:
    """All that an answer says: the text of a page, of a stream, or of every part of a workbook."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            content = b" ".join(parts.read(name) for name in parts.namelist())
    return content.decode(errors="replace")


def make(scope_of: Any) -> dict[str, Any]:
    """A warning sent, a call-out with a fallback, an opened zone, a message on the desk, a plan."""
    from anlan.county import accounts
    from anlan.county import actions as county
    from anlan.county.models import ActingPost, Holding, Person, Post
    from anlan.engines.callout import actions as callout
    from anlan.engines.callout.models import Alarm, Call, Fallback, Inbound
    from anlan.faces.console import walls
    from anlan.rooms.evacuation import register_actions as standing
    from anlan.rooms.evacuation import rounds as evacuation_rounds
    from anlan.rooms.evacuation.models import Opening
    from anlan.rooms.warning import actions as warning
    from anlan.rooms.workplan import actions as workplan
    from anlan.rooms.workplan import demo as plan

    command, round_ = Scope.for_command("test"), Scope.for_round("test")
    with command.open():
        head = Post.objects.get(kind="village_head", division=VILLAGES[0])
        Post.objects.filter(division__range=(TOWNSHIPS[0], TOWNSHIPS[0] + 999)).update(
            title=f"{CANARY}岗位"
        )
        person = Holding.objects.get(post=head, rank=0, valid_to=None).person
        Person.objects.filter(division__range=(TOWNSHIPS[0], TOWNSHIPS[0] + 999)).update(
            name=f"{CANARY}王", pinyin="jin si que wang", initials="jsqw"
        )
        person.refresh_from_db()
    county.change_number(command, person.id, person.version, CANARY_NUMBER)
    officer, leader = scope_of("duty_officer"), scope_of("duty_leader")
    row = warning.paste(officer, TEXT)
    row = warning.revise(officer, row.id, row.version, {"settled": [d["code"] for d in row.doubts]})
    row = warning.submit(officer, row.id, row.version)
    shelter = standing.add_shelter(command, VILLAGES[0], f"{CANARY}小学", 30)
    zone = standing.add_zone(command, VILLAGES[0], f"{CANARY}片区", "rainstorm", shelter.id)
    home = standing.add_household(command, zone.id, f"{CANARY}户主", 3)
    opened = warning.approve(leader, row.id, row.version)
    evacuation_rounds.open_by_callout(round_)
    callout.receive_message(
        Scope.for_gateway("smpp"), "smpp", "m1", CANARY_NUMBER, f"{CANARY}短信，听不懂"
    )
    version = workplan.import_plan(command, plan.document(), plan.NAME, demo=True)
    with round_.open():
        doubt_id = version.doubt_rows.order_by("-number").values_list("id", flat=True).first()
        row_id = version.rows.values_list("id", flat=True).first()
        call = Call.objects.get(division=VILLAGES[0], post_id=head.id)
        inbound = Inbound.objects.get()
        callout.leave_on_desk(round_, inbound.id, "unclear")
        callout.raise_alarm(call, "nobody", f"{CANARY}无人应答", row.created_at)
        alarm = Alarm.objects.get()
        Fallback.objects.get_or_create(
            call=call,
            defaults={
                "division": call.division, "world": 0, "step": "knock", "person_id": person.id,
                "post_title": f"{CANARY}岗位", "given_at": row.created_at,
            },
        )  # fmt: skip
        Call.objects.filter(id=call.id).update(state="fallback")
        opening = Opening.objects.get()
    answering = callout.issue_link(round_, call.id, person.id, "answer").rsplit("/", 1)[1]
    account = accounts.make_account(command, "canary.account", f"{CANARY}账号")
    sitting = accounts.record_sign_in(command, account.pk, accounts.Seat("10.9.8.7", "x", "totp"))
    beside = ActingPost.objects.create(
        account=account, post_id=head.id, label=f"{CANARY}兼任", granted_at=row.created_at
    )
    wall, _link = walls.make_wall(command, f"{CANARY}大屏", TOWNSHIPS[0])
    return {
        "wall_id": wall.pk, "warning_id": row.id, "what": "submit", "callout_id": opened.id, "call_id": call.id,
        "opening_id": opening.id, "person_id": person.id, "inbound_id": inbound.id,
        "alarm_id": alarm.id, "table": 4, "row": 40, "version_id": version.id,
        "account_id": account.pk, "sitting_id": sitting, "passkey_id": 1, "acting_id": beside.pk,
        "token": answering,
        "year": 2024, "month": 7, "shelter_id": shelter.id, "zone_id": zone.id,
        "household_id": home.id,
        "doubt_id": doubt_id, "row_id": row_id,
    } | registers(scope_of, head.id, person.id) | reported(scope_of) | pressed(version.id) | (
        standing_objects(scope_of) | on_duty(scope_of) | sent_in() | practised() | linked(scope_of)
    )  # fmt: skip


def standing_objects(scope_of: Any) -> dict[str, Any]:
    """A firm and a landmark of the first township, a line of the county's duty matrix."""
    from anlan.county import unit_actions as units
    from anlan.engines.ledger import actions as ledger
    from anlan.rooms.duty import actions as duty

    entry = ledger.Entry(VILLAGES[0], f"{CANARY}企业", "", {"industry": "gas"})
    row = ledger.add_object(scope_of("township_cadre", TOWNSHIPS[0]), "enterprise", entry)
    unit = units.add_unit(Scope.for_command("test"), COUNTY, "县经信委")
    line = ledger.add_duty(scope_of("plan_clerk"), unit.id, "enterprise", "industry", "gas", "三定")
    mark = duty.add_landmark(scope_of("duty_officer"), VILLAGES[0], f"{CANARY}石桥")
    return moving(scope_of, row.id) | {
        "object_id": row.id, "type_name": "enterprise", "duty_id": line.id, "landmark_id": mark.id,
    }  # fmt: skip


def moving(scope_of: Any, object_id: int) -> dict[str, Any]:
    """A hidden danger of the first township, ordered, with an extension asked for and a part."""
    from anlan.county import unit_actions as units
    from anlan.engines.cases import actions as cases
    from anlan.engines.cases import clock_actions, side_actions
    from anlan.engines.cases.models import Paper
    from tests.engines.cases.shots import sent

    cadre, unit = scope_of("township_cadre", TOWNSHIPS[0]), scope_of("unit_duty")
    start = cases.Start(VILLAGES[0], object_id=object_id, place=f"{CANARY}车间")
    said = {"channel": "self", "what": f"{CANARY}隐患"}
    given = cases.Given(said, {"before": sent(f"{CANARY}.jpg")})
    row = cases.open_case(cadre, "hazards.hazard", "found", start, given)
    row = cases.move(unit, row.id, row.version, "assess", cases.Given({"grade": "general"}))
    with cadre.open():
        today = clock_actions.today()
    five = {"responsible": f"{CANARY}厂长", "measures": "换", "funds": "1", "plan": "停",
            "due_on": (today + timedelta(days=9)).isoformat()}  # fmt: skip
    row = cases.move(unit, row.id, row.version, "order", cases.Given(five))
    to_on = today + timedelta(days=19)
    asked = clock_actions.ask_extension(cadre, row.id, row.version, "rectify", to_on, CANARY)
    with cadre.open():
        row.refresh_from_db()
    office = units.add_unit(Scope.for_command("test"), COUNTY, "县商务委")
    part = side_actions.give_task(unit, row.id, row.version, office.id, f"{CANARY}交办", today)
    with cadre.open():
        paper = Paper.objects.get()
    return {
        "case_id": row.id, "pack": "hazards", "kind_name": "hazard", "opening": "found",
        "move_key": "order", "clock_key": "rectify", "request_id": asked.id, "part_id": part.id,
        "objection": "objection", "paper_id": paper.id,
    }  # fmt: skip


def on_duty(scope_of: Any, world: int = 0, word: str = CANARY) -> dict[str, Any]:
    """An event of the first township with a report and a task, and what the county's hall did.

    Each of its rows bears the word and stands in the world.
    """
    from anlan.rooms.command import actions as command
    from anlan.rooms.duty import actions as duty
    from anlan.rooms.duty import hall_actions as hall
    from anlan.rooms.duty.models import Report, Source

    officer = scope_of("duty_officer").in_world(world)
    said = duty.Incoming("phone", f"night-{word}", f"{word}滑坡，1人死亡", kind="geohazard",
                         place="甲村", caller=f"{word}来电", number=CANARY_NUMBER)  # fmt: skip
    event = duty.receive_event(officer, said)
    with officer.open():
        report_id = Report.objects.get(event=event).id
        source_id = Source.objects.get(event=event).id
        post_id = _post("township_duty", TOWNSHIPS[0])
    given = hall.Given(f"{word}交办", post_id, 30, origin_kind="duty.event", origin_id=event.id)
    task = hall.give_task(officer, given)
    roll = hall.call_roll(officer, "点名", 10)
    row = {"kind": "duty.event", "id": event.id, "version": "1", "group": "接报", "words": "",
           "label": f"{word}滑坡", "at": event.received_at.isoformat(), "due": None,
           "late": False, "url": f"/desk/event/{event.id}/"}  # fmt: skip
    handover = hall.offer_handover(officer, [row], f"{word}交代")
    meeting = command.call(officer, f"{word}会商", "县长")
    return {
        "event_id": event.id, "source_id": source_id, "duty_report_id": report_id, "task_id": task.id,
        "rollcall_id": roll.id, "handover_id": handover.id,
        "consultation_id": meeting.id,
    }  # fmt: skip


def _post(kind: str, division: int) -> int:
    from anlan.county.models import Post

    return int(Post.objects.get(kind=kind, division=division).id)


def practised() -> dict[str, Any]:
    """An exercise of the county that runs, with what the first township sends into it."""
    from anlan.county.models import Post
    from anlan.rooms.review import actions as review
    from anlan.rooms.review import rounds as given

    command = Scope.for_command("test")
    plan = review.Plan(kind="tabletop", name="防汛推演", form="comprehensive", topics=("moving",))
    made = review.start(command, plan)
    with command.open():
        post = Post.objects.get(kind="township_duty", division=TOWNSHIPS[0])
        now = clock_of(made.space)
    inside = command.in_world(made.space)
    review.add_inject(inside, "message", f"{CANARY}情况", post_id=post.id)
    given.give_injects(Scope.for_round("test", made.space))
    later = review.add_inject(inside, "road", f"{CANARY}断道", post_id=post.id,
                              due_at=now + timedelta(hours=1))  # fmt: skip
    found = review.write_finding(command, made.space, f"{CANARY}问题", post.id, date(2099, 1, 1))
    return {"world": made.space, "inject_id": later.id, "finding_id": found.id}


def clock_of(world: int) -> Any:
    """The world's time now."""
    from anlan.ground import clock

    return clock.now(world)


def registers(scope_of: Any, post_id: int, person_id: int) -> dict[str, Any]:
    """What the first township's own clerk made in the county's registers."""
    from anlan.county import actions as county
    from anlan.county import unit_actions as units
    from anlan.county.workbook import actions as workbook
    from anlan.ground import clock

    command = Scope.for_command("test")
    with command.open():
        now = clock.now()
    start, end = now + timedelta(days=3), now + timedelta(days=3, hours=12)
    shift = county.add_shift(command, post_id, person_id, start, end)
    unit = units.add_unit(command, TOWNSHIPS[0], f"{CANARY}单位")
    joint = units.add_unit(command, TOWNSHIPS[0], f"{CANARY}集合", "collective")
    alias = units.add_alias(command, unit.id, f"{CANARY}别名", None, None)
    member = units.add_member(command, joint.id, unit.id, None, None)
    people = f"姓名,区划代码,号码\n{CANARY}新人,{VILLAGES[0]},13800001111\n".encode()
    sent = workbook.send_in(scope_of("township_cadre", TOWNSHIPS[0]), people, "人员.csv")
    assert sent.transfer is not None, [str(fault) for fault in sent.plan.faults]
    return {
        "code": VILLAGES[0], "post_id": post_id, "unit_id": unit.id, "alias_id": alias.id,
        "membership_id": member.id, "shift_id": shift.id, "transfer_id": sent.transfer,
    }  # fmt: skip


def sent_in() -> dict[str, Any]:
    """A source that pushes, and a message of it that waits for a person."""
    from anlan.rooms.warning import intake_actions, source_actions
    from tests.rooms.warning.cap.messages import alert

    values = {"name": "市气象台", "way": "push", "url": "", "hosts": [], "networks": "",
              "senders": ["50023141600000"], "certificate": "", "every_s": 60}  # fmt: skip
    source = source_actions.add_source(Scope.for_command("test"), values)
    content = alert(
        "CAP_0", kind="Cancel", references="50023141600000,NONE,2024-07-10T20:00:00+08:00"
    )
    parcel = intake_actions.Parcel(content, "push")
    row = intake_actions.receive(Scope.for_gateway("cap"), source.id, parcel)
    return {"source_id": source.id, "received_id": row.id}


def linked(scope_of: Any) -> dict[str, Any]:
    """A neighbour with a subscription that waits for its second person, and a count that came."""
    from anlan.faces.link import actions as link
    from tests.faces.link.sides import make_side

    side = make_side()
    row = link.propose(scope_of("duty_officer"), side.peer.pk, "headcount", 1800)
    side.says(side.letter(1))
    return {"peer_id": side.peer.pk, "subscription_id": row.id}


def pressed(plan_id: int) -> dict[str, Any]:
    """A letter that waits to be sent to a unit of the county, and names of a unit and of a file."""
    from anlan.county import unit_actions as units
    from anlan.rooms.oversight import actions as oversight

    command = Scope.for_command("test")
    unit = units.add_unit(command, COUNTY, "县水利局")
    draft = oversight.Draft(
        division=COUNTY, plan_id=plan_id, row_key="k", row_number="4/40", row_name="会商研判",
        indicator=INDICATOR, label="叫应", step=1, before_id=None, unit_id=unit.id, reason="late",
        since=date(2024, 12, 31), facts={"state": "not_reported", "value": None, "unit": "%"},
        articles=[], title="函", text="请核实。", demo=True,
    )  # fmt: skip
    return {"letter_id": oversight.propose(command, draft).id, "unit": "县水利局", "form": "pdf"}


def reported(scope_of: Any) -> dict[str, Any]:
    """A zero report of the first township for a month without records."""
    from anlan.engines.indicators import actions as indicators

    signer = scope_of("township_leader", TOWNSHIPS[0])
    rights = frozenset({*signer.rights, "indicator.report"})
    report = indicators.report_zero(replace(signer, rights=rights), INDICATOR, date(2024, 7, 1))
    return {"report_id": report.id}
