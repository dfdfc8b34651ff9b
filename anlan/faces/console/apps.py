from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "anlan.faces.console"
    label = "console"
    verbose_name = "控制台"
