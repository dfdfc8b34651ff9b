"""Exercises (演练), what a controller puts into them, who took part, and what was found.

Flows in: a controller's wish, the rows of the exercise's own world. Flows out: evidence in the
real world that an exercise was held, by whom, and what came of it.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from anlan.ground.models import Operational, Standing

KINDS = [("tabletop", _("推演")), ("live", _("实叫"))]
FORMS = [("comprehensive", _("综合")), ("special", _("专项")), ("tabletop", _("桌面")),
         ("evacuation", _("疏散"))]  # fmt: skip
TOPICS = [("first_response", _("先期处置")), ("moving", _("转移避险")),
          ("self_rescue", _("自救互救"))]  # fmt: skip
INJECTS = [("message", _("来信")), ("bulletin", _("气象台来文")), ("road", _("道路中断")),
           ("silent", _("叫不通"))]  # fmt: skip
ENDS = [("stopped", _("控制员结束")), ("finished", _("演完")), ("yielded", _("让位于真实叫应"))]


class Exercise(Standing):
    """One exercise: a row of the real world whose evidence is the world `space`.

    form, topics: which of the plan's promises it was held for, as the controller said at its
    start. silent, delay_low_s, delay_high_s: the player's (推演 only). replay: a recorded night
    played by a command, in which nobody practised. figures: what came of it, once it was recorded.
    """

    space = models.IntegerField(unique=True)
    kind = models.CharField(max_length=10, choices=KINDS)
    name = models.CharField(max_length=100)
    form = models.CharField(max_length=20, choices=FORMS)
    topics = models.JSONField(default=list)
    source = models.CharField(max_length=200, default="")
    seed = models.IntegerField()
    player = models.BooleanField(default=True)
    silent = models.FloatField(default=0.3)
    delay_low_s = models.IntegerField(default=20)
    delay_high_s = models.IntegerField(default=240)
    replay = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=200, default="")
    ended_why = models.CharField(max_length=10, choices=ENDS, default="")
    recorded_at = models.DateTimeField(null=True)
    figures = models.JSONField(default=dict)
    people = models.IntegerField(default=0)


class Participation(Operational):
    """A township or village whose own people acted in an exercise: not its player, not a script."""

    exercise = models.ForeignKey(Exercise, models.PROTECT, related_name="participations")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["exercise", "division"], name="participation_once")
        ]


class Inject(Operational):
    """What a controller puts into the exercise at a time of its clock; a row of its world."""

    kind = models.CharField(max_length=10, choices=INJECTS)
    text = models.CharField(max_length=2000)
    post_id = models.BigIntegerField(null=True)
    post_title = models.CharField(max_length=100, default="")
    due_at = models.DateTimeField()
    state = models.CharField(
        max_length=10, default="due",
        choices=[("due", _("未到")), ("given", _("已给出")), ("cancelled", _("已取消"))],
    )  # fmt: skip
    given_at = models.DateTimeField(null=True)
    inbound_id = models.BigIntegerField(null=True)
    made_by = models.CharField(max_length=200)
    source = models.CharField(max_length=300, default="")

    class Meta:
        indexes = [models.Index(fields=["world", "state", "due_at"], name="inject_due")]


class Finding(Standing):
    """What an exercise showed that is to be mended: by whom, until when. A row of the real world,
    which every world reads.

    code: what the comparison calls it, empty where a person wrote it. asked, done: both sides.
    """

    exercise = models.ForeignKey(Exercise, models.PROTECT, related_name="findings")
    code = models.CharField(max_length=60, default="")
    text = models.CharField(max_length=500)
    asked = models.CharField(max_length=200, default="")
    done = models.CharField(max_length=200, default="")
    owner_post_id = models.BigIntegerField()
    owner_title = models.CharField(max_length=100)
    due_on = models.DateField()
    state = models.CharField(
        max_length=10, default="open", choices=[("open", _("待整改")), ("closed", _("已整改"))]
    )
    written_by = models.CharField(max_length=200)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=200, default="")
    closed_how = models.CharField(max_length=500, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["exercise", "code"], condition=~models.Q(code=""), name="finding_once"
            )
        ]
        indexes = [models.Index(fields=["state", "due_on"], name="finding_state")]
