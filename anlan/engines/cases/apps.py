from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "anlan.engines.cases"
    label = "cases"
    verbose_name = "闭环"
