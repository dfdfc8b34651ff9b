"""The county's own values are read by the whole county, like the law beside them."""

from django.db import migrations

from anlan.ground.rls import reference


class Migration(migrations.Migration):
    dependencies = [("policy", "0001_initial")]
    operations = [reference("policy_value", public="select")]
