"""Who sees and writes what is kept of figures; what is frozen, corrected or checked stays."""

from django.db import migrations

from anlan.ground.rls import HERE, SPAN, insert_only, operational, standing

READ = f"{SPAN} AND {HERE}"


class Migration(migrations.Migration):
    dependencies = [("indicators", "0001_initial")]
    operations = [
        operational("indicators_zeroreport"),
        standing("indicators_basecount"),
        insert_only("indicators_frozenfigure", read=READ),
        insert_only("indicators_frozenmember", read=READ),
        insert_only("indicators_correction", read=READ),
        insert_only("indicators_figurecheck", read=READ),
    ]
