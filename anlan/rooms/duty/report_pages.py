"""Pages of reports upwards: what is due, a draft, its signature, its paper; figures."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _

from anlan.ground import clock, papers
from anlan.ground.errors import NotFound
from anlan.ground.web import act, page, scope_of
from anlan.rooms.duty import forms, pack, queries, report_actions, report_words

VIA_MOSTLY = "传真"  # kept with the report, so it is not translated
TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def _version(request: HttpRequest) -> int:
    return forms.whole(request.POST.get("version", ""), _("版本"))


@act("duty.take", fields=["name", "value", "source", "as_of", "why"])
def figure(request: HttpRequest, event_id: int) -> HttpResponse:
    """A new version of a figure."""
    post = request.POST
    value = forms.amount(post.get("value", ""), post.get("name", ""))
    report_actions.give_figure(
        scope_of(request), event_id, post.get("name", ""), value, post.get("source", ""),
        happened_at=forms.moment(post.get("as_of", ""), _("截至")), why=post.get("why", ""),
    )  # fmt: skip
    return redirect(f"/desk/event/{event_id}/")


@act("duty.report")
def begin(request: HttpRequest, event_id: int) -> HttpResponse:
    """It has to be reported."""
    made = report_actions.begin(scope_of(request), event_id)
    return redirect(f"/duty/report/{made.id}/")


@act("duty.report", fields=["version", "why"])
def stable(request: HttpRequest, event_id: int) -> HttpResponse:
    """It is stable: the final report is due."""
    why = request.POST.get("why", "")
    made = report_actions.stabilise(scope_of(request), event_id, _version(request), why)
    return redirect(f"/duty/report/{made.id}/")


@page("duty.read")
def list_page(request: HttpRequest) -> HttpResponse:
    """Reports that are due, the most urgent first; then those of the last events."""
    scope = scope_of(request)
    rows = queries.open_reports(scope)
    context = {
        "rows": rows, "late": sum(1 for _row, c, _t in rows if c.state == "late"),
        "sent": queries.sent_reports(scope), "now": clock.now(),
    }  # fmt: skip
    return render(request, "duty/reports.html", context)


@page("duty.read")
def report_page(request: HttpRequest, duty_report_id: int) -> HttpResponse:
    """One report: its clock, its words, what changed, who signs."""
    row, own, event = queries.report(scope_of(request), duty_report_id)
    last = report_words.before(event, row)
    figures = [report_words.as_row(one) for one in report_words.carried(event)]
    context = {
        "row": row, "clock": own, "event": event, "what": queries.title(event), "last": last,
        "figures": row.figures or figures, "now": clock.now(),
        "changes": [report_words.change_text(one) for one in row.changes],
        "stale": row.state == "drafted" and report_words.stale(event, row),
        "family": pack.family(event.kind), "via": VIA_MOSTLY,
    }  # fmt: skip
    return render(request, "duty/report.html", context)


@act("duty.report", fields=["version", "text"])
def draft(request: HttpRequest, duty_report_id: int) -> HttpResponse:
    """Drafted, or written anew."""
    text = request.POST.get("text", "")
    report_actions.draft(scope_of(request), duty_report_id, _version(request), text)
    return redirect(f"/duty/report/{duty_report_id}/")


@act("duty.sign", fields=["version", "to", "via"])
def sign(request: HttpRequest, duty_report_id: int) -> HttpResponse:
    """Signed and sent."""
    to = [one for one in request.POST.get("to", "").replace("，", "、").split("、") if one.strip()]
    via = request.POST.get("via", "")
    report_actions.sign(scope_of(request), duty_report_id, _version(request), to, via)
    return redirect(f"/duty/report/{duty_report_id}/")


@act("duty.sign", fields=["version", "why"])
def drop(request: HttpRequest, duty_report_id: int) -> HttpResponse:
    """It does not have to be reported."""
    why = request.POST.get("why", "")
    row = report_actions.drop(scope_of(request), duty_report_id, _version(request), why)
    return redirect(f"/desk/event/{row.event_id}/")


@page("duty.read")
def report_file(request: HttpRequest, duty_report_id: int, form: str) -> HttpResponse:
    """The report as DOCX or PDF."""
    makers = {"docx": papers.docx, "pdf": papers.pdf}
    if form not in makers:
        raise NotFound("form-unknown", _("没有这种文件"), form[:20], "docx、pdf")
    row, _own, event = queries.report(scope_of(request), duty_report_id)
    content = makers[form](report_words.paper(event, row, clock.now()))
    answer = HttpResponse(content, content_type=TYPES[form])
    answer["Content-Disposition"] = f'attachment; filename="report-{event.id}-{row.number}.{form}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


urlpatterns = [
    path("desk/event/<int:event_id>/figure/", figure, name="event-figure"),
    path("desk/event/<int:event_id>/begin/", begin, name="event-begin"),
    path("desk/event/<int:event_id>/stable/", stable, name="event-stable"),
    path("duty/reports/", list_page, name="duty-reports"),
    path("duty/report/<int:duty_report_id>/", report_page, name="duty-report"),
    path("duty/report/<int:duty_report_id>/draft/", draft, name="duty-report-draft"),
    path("duty/report/<int:duty_report_id>/sign/", sign, name="duty-report-sign"),
    path("duty/report/<int:duty_report_id>/drop/", drop, name="duty-report-drop"),
    path("duty/report/<int:duty_report_id>/file.<slug:form>", report_file, name="duty-report-file"),
]
