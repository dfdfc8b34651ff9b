"""The addresses of the public process, and no others."""

from anlan.faces.portal.pages import handler404, urlpatterns

__all__ = ["handler404", "urlpatterns"]
