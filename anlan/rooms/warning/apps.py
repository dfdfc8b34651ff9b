from django.apps import AppConfig


class WarningConfig(AppConfig):
    name = "anlan.rooms.warning"
    label = "warning"
    verbose_name = "预警"
