from django.apps import AppConfig


class ReviewConfig(AppConfig):
    name = "anlan.rooms.review"
    label = "review"
    verbose_name = "演练和复盘"
