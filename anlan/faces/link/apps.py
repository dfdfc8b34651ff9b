from django.apps import AppConfig


class LinkConfig(AppConfig):
    name = "anlan.faces.link"
    label = "link"
    verbose_name = "联通"
