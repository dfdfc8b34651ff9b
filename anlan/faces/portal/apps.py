from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "anlan.faces.portal"
    label = "portal"
    verbose_name = "公众页面"
