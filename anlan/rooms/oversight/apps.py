from django.apps import AppConfig


class OversightConfig(AppConfig):
    name = "anlan.rooms.oversight"
    label = "oversight"
    verbose_name = "督办"
