"""What the hall does is seen within the span and in its own world; a landmark stands."""

from django.db import migrations

from anlan.ground.rls import HERE, SPAN, insert_only, operational, standing


class Migration(migrations.Migration):
    dependencies = [("duty", "0001_initial")]
    operations = [
        operational("duty_event"),
        operational("duty_source"),
        operational("duty_figure"),
        operational("duty_report"),
        operational("duty_task"),
        operational("duty_rollcall"),
        operational("duty_handover"),
        standing("duty_landmark"),
        insert_only("duty_logline", read=f"{SPAN} AND {HERE}"),
        insert_only("duty_webreport", read=f"{SPAN} AND {HERE}", public=True),
    ]
