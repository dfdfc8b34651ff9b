from django.apps import AppConfig


class CountyConfig(AppConfig):
    name = "anlan.county"
    label = "county"
    verbose_name = "县情"
