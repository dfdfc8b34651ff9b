from django.apps import AppConfig


class CalloutConfig(AppConfig):
    name = "anlan.engines.callout"
    label = "callout"
    verbose_name = "叫应"

    def ready(self) -> None:
        """Sends and answers go on while the journal cannot be written; opening does not."""
        from anlan.ground import journal

        journal.goes_on(
            "callout.sent", "callout.send", "callout.link", "callout.answer",
            "callout.fallback.close", "callout.message", "callout.message.take",
            "callout.message.desk", "callout.close", "callout.advance", "callout.unknown",
        )  # fmt: skip
