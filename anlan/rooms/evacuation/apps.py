from django.apps import AppConfig


class EvacuationConfig(AppConfig):
    name = "anlan.rooms.evacuation"
    label = "evacuation"
    verbose_name = "避险转移"
