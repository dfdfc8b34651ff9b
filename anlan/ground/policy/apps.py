from django.apps import AppConfig


class PolicyConfig(AppConfig):
    name = "anlan.ground.policy"
    label = "policy"
    verbose_name = "规则值"
