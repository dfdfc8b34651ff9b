from django.apps import AppConfig


class CommandConfig(AppConfig):
    name = "anlan.rooms.command"
    label = "command"
    verbose_name = "指挥"
