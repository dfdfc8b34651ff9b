"""Every address of the console. A view without a declared right fails a test."""

from __future__ import annotations

from django.contrib.staticfiles.views import serve as serve_static
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, re_path

from anlan.county import access_pages as access
from anlan.county import acting_pages as acting
from anlan.county import oidc_pages as oidc
from anlan.county import pages as county
from anlan.county import passkey_pages as passkeys
from anlan.engines.callout import pages as callout
from anlan.engines.cases import pages as cases
from anlan.engines.cases import side_pages as case_sides
from anlan.engines.ledger import pages as ledger
from anlan.faces.console import administration, manual, wall_pages
from anlan.faces.console import pages as console
from anlan.faces.http import metrics
from anlan.faces.link import pages as link
from anlan.faces.link import peer_pages as peers
from anlan.faces.link.adapters.http import door as link_door
from anlan.ground import pages as ground
from anlan.ground.policy import pages as policy
from anlan.rooms.duty import pages as duty
from anlan.rooms.evacuation import pages as evacuation
from anlan.rooms.oversight import pages as oversight
from anlan.rooms.review import pages as review
from anlan.rooms.warning import pages as warning
from anlan.rooms.warning import source_pages as sources
from anlan.rooms.workplan import import_pages as plan_import
from anlan.rooms.workplan import pages as workplan

HASHED = "console/"
YEAR_S = 31_536_000


def built_file(request: HttpRequest, path: str) -> HttpResponseBase:
    """A file of a package; those of the front end carry a hash in their name and are kept."""
    answer = serve_static(request, path, insecure=True)
    if path.startswith(HASHED):
        answer["Cache-Control"] = f"public, max-age={YEAR_S}, immutable"
    return answer


def _static() -> URLPattern:
    """Built files: from the packages themselves, so that nothing has to be collected first."""
    return re_path(r"^static/(?P<path>.*)$", built_file)


urlpatterns: list[URLPattern | URLResolver] = [
    *console.urlpatterns,
    *warning.urlpatterns,
    *callout.urlpatterns,
    *evacuation.urlpatterns,
    *review.urlpatterns,
    *duty.urlpatterns,
    *workplan.urlpatterns,
    *oversight.urlpatterns,
    *link.urlpatterns,
    *plan_import.urlpatterns,
    *ledger.urlpatterns,
    *cases.urlpatterns,
    *case_sides.urlpatterns,
    *county.urlpatterns,
    *policy.urlpatterns,
    *ground.urlpatterns,
    *wall_pages.urlpatterns,
    *manual.urlpatterns,
    *access.urlpatterns,
    *passkeys.urlpatterns,
    *oidc.urlpatterns,
    *acting.urlpatterns,
    *administration.urlpatterns,
    *sources.urlpatterns,
    *peers.urlpatterns,
    *link_door.urlpatterns,
    *metrics.urlpatterns,
    _static(),
]
handler404 = "anlan.faces.console.pages.not_found"
handler500 = "anlan.faces.http.middleware.broken"

__all__ = ["handler404", "handler500", "urlpatterns"]
