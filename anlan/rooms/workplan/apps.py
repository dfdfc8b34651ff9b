from django.apps import AppConfig


class WorkplanConfig(AppConfig):
    name = "anlan.rooms.workplan"
    label = "workplan"
    verbose_name = "工作要点"
