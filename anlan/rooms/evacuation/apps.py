from django.apps import AppConfig


class EvacuationConfig(AppConfig):
    name = "anlan.rooms.evacuation"
    label = "evacuation"
    verbose_name = "避险转移"

    def ready(self) -> None:
        """Links and counts of a night go on while the journal cannot be written."""
        from anlan.ground import journal

        journal.goes_on(
            "evacuation.order", "evacuation.open", "evacuation.join", "evacuation.link",
            "evacuation.count",
        )  # fmt: skip
