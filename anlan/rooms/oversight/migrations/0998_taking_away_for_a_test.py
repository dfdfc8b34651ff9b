from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [('oversight', '0001_initial'), ('county', '0021_at_a_moment')]
    operations = [migrations.RunSQL('DO $$ BEGIN DELETE FROM county_person; END $$;')]
