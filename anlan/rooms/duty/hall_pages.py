"""Pages of the hall: tasks and instructions, roll-calls, the shift's log."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.ground import clock
from anlan.ground.web import act, page, scope_of
from anlan.rooms.duty import forms, hall_actions, hall_queries, queries

# Goes to the posts as it stands, so it is not translated.
ROLL_WORDS = "县应急指挥部值班点名，请在岗人员应答。"


@page("duty.read", fields=["kind", "text", "post", "minutes", "said_by", "said_at"])
def tasks(request: HttpRequest) -> HttpResponse:
    """Who owes an answer, late ones first; an instruction or a task is given here."""
    scope = scope_of(request)
    if request.method == "POST":
        post = request.POST
        given = hall_actions.Given(
            post.get("text", ""), forms.whole(post.get("post", ""), _("交给")),
            forms.whole(post.get("minutes", ""), _("分钟")), kind=post.get("kind", ""),
            said_by=post.get("said_by", ""),
            said_at=forms.moment(post.get("said_at", ""), _("批示时间")),
        )  # fmt: skip
        hall_actions.give_task(scope, given)
        return redirect("/duty/tasks/")
    everything = request.GET.get("all") == "1"
    rows = hall_queries.tasks(scope, only_open=not everything)
    minutes, own = hall_queries.minutes_of(scope, "duty.instruction_min")
    context = {
        "rows": rows, "everything": everything, "minutes": minutes, "minutes_own": own,
        "late": sum(1 for one in rows if one.clock == "late"),
        "mine": sum(1 for one in rows if one.mine and one.row.state == "open"),
        "waiting": sum(1 for one in rows if one.row.state == "open"), "now": clock.now(),
        "answered": sum(1 for one in rows if one.row.state == "answered"),
        "posts": queries.posts_to_tell(scope) if scope.may("duty.assign") else [],
    }  # fmt: skip
    return render(request, "duty/tasks.html", context)


@page("duty.read")
def task_page(request: HttpRequest, task_id: int) -> HttpResponse:
    """One task: what was said, to whom, whether it was heard, what came of it."""
    shown = hall_queries.task(scope_of(request), task_id)
    return render(request, "duty/task.html", {"shown": shown, "row": shown.row, "now": clock.now()})


@act("duty.answer", fields=["version", "text"])
def answer(request: HttpRequest, task_id: int) -> HttpResponse:
    """What came of it."""
    version = forms.whole(request.POST.get("version", ""), _("版本"))
    hall_actions.answer_task(scope_of(request), task_id, version, request.POST.get("text", ""))
    return redirect(f"/duty/tasks/{task_id}/")


@act("duty.assign", fields=["version"])
def close(request: HttpRequest, task_id: int) -> HttpResponse:
    """The answer is good."""
    version = forms.whole(request.POST.get("version", ""), _("版本"))
    hall_actions.close_task(scope_of(request), task_id, version)
    return redirect("/duty/tasks/")


@page("duty.read", fields=["text", "minutes"])
def rolls(request: HttpRequest) -> HttpResponse:
    """Roll-calls; a new one rings the duty posts of all townships."""
    scope = scope_of(request)
    if request.method == "POST":
        minutes = forms.whole(request.POST.get("minutes", ""), _("分钟"))
        made = hall_actions.call_roll(scope, request.POST.get("text", ""), minutes)
        return redirect(f"/duty/roll/{made.id}/")
    minutes, own = hall_queries.minutes_of(scope, "duty.roll_call_min")
    context = {"rows": hall_queries.rolls(scope), "minutes": minutes, "minutes_own": own,
               "said": ROLL_WORDS, "now": clock.now()}  # fmt: skip
    return render(request, "duty/rolls.html", context)


@page("duty.read")
def roll_page(request: HttpRequest, rollcall_id: int) -> HttpResponse:
    """Who has not answered, who was late and by how much."""
    roll = hall_queries.roll(scope_of(request), rollcall_id)
    return render(request, "duty/roll.html", {"roll": roll, "row": roll.row, "now": clock.now()})


@page("duty.read", fields=["text"])
def log(request: HttpRequest) -> HttpResponse:
    """The shift's log, newest first; a line by hand."""
    scope = scope_of(request)
    if request.method == "POST":
        hall_actions.write_log(scope, request.POST.get("text", ""))
        return redirect("/duty/log/")
    before = request.GET.get("before", "")
    rows = hall_queries.log(scope, forms.whole(before, "before") if before else None)
    context = {"rows": rows, "full": len(rows) == hall_queries.LOG_ROWS, "now": clock.now()}
    return render(request, "duty/log.html", context)


urlpatterns = [
    path("duty/tasks/", tasks, name="duty-tasks"),
    path("duty/tasks/<int:task_id>/", task_page, name="duty-task"),
    path("duty/tasks/<int:task_id>/answer/", answer, name="duty-task-answer"),
    path("duty/tasks/<int:task_id>/close/", close, name="duty-task-close"),
    path("duty/roll/", rolls, name="duty-rolls"),
    path("duty/roll/<int:rollcall_id>/", roll_page, name="duty-roll"),
    path("duty/log/", log, name="duty-log"),
]
