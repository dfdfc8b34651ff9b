from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "anlan.engines.ledger"
    label = "ledger"
    verbose_name = "台账"
