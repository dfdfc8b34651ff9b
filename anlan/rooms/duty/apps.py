from django.apps import AppConfig


class DutyConfig(AppConfig):
    name = "anlan.rooms.duty"
    label = "duty"
    verbose_name = "值守"
