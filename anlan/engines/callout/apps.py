from django.apps import AppConfig


class CalloutConfig(AppConfig):
    name = "anlan.engines.callout"
    label = "callout"
    verbose_name = "叫应"
