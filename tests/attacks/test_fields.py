"""A field that nobody declared is refused at every address that takes a POST (R53)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.attacks.test_neighbour import sample_fields
from tests.conftest import COUNTY
from tests.night import CONSOLE, PORTAL, address

POSTED = [path for path, view in CONSOLE.items() if view.access.fields is not None]
ADMINISTRATORS = {"account.manage": "security_admin", "system.manage": "system_admin",
                  "journal.audit": "audit_admin"}  # fmt: skip
EXTRA = (
    "state",
    "division",
    "world",
    "is_active",
    "admin_kind",
    "approved_by",
    "id",
    "x[y]",
    "x.y",
)


def client_for(right: str | None, client_of: Callable[..., Any]) -> Any:
    """Signed in as somebody who holds the right."""
    from anlan.county.models import Account

    client = client_of("duty_officer")
    if right in ADMINISTRATORS:
        Account.objects.filter(username=f"duty_officer-{COUNTY}").update(
            admin_kind=ADMINISTRATORS[right], post_id=None, person_id=None
        )
    return client


def test_most_addresses_that_write_are_in_the_matrix() -> None:
    assert len(POSTED) > 25


def test_an_extra_field_is_refused_by_name_and_nothing_is_written(
    night: dict[str, Any], client_of: Callable[..., Any], every_right: Any, owner_sql: Any
) -> None:
    lines = "SELECT count(*) FROM ground_journal"
    for path in POSTED:
        access = CONSOLE[path].access
        client = client_for(access.right, client_of)
        ids = night | ({"token": "x"} if path.startswith("first/") else {})
        good = sample_fields(access.fields, ids)
        before = owner_sql(lines)
        for extra in (name for name in EXTRA if name not in (access.fields or ())):
            answer = client.post(address(path, ids), good | {extra: "1"},
                                 headers={"Accept": "application/json"})  # fmt: skip
            assert answer.status_code == 400, (path, extra, answer.status_code)
            error = answer.json()["error"]
            assert (error["code"], error["place"]) == ("field-unknown", extra), path
        assert owner_sql(lines) == before, path


@pytest.mark.parametrize(
    "path", [p for p, view in PORTAL.items() if view.access.fields is not None]
)
def test_the_public_pages_refuse_it_too(
    path: str,
    night: dict[str, Any],
    as_role: Callable[[str], None],
    portal: Callable[[], None],
) -> None:
    from django.test import Client

    as_role("public")
    portal()
    answer = Client().post(address(path, night), {"state": "answered"},
                           headers={"Accept": "application/json"})  # fmt: skip
    assert answer.status_code == 400
    assert answer.json()["error"]["place"] == "state"


def test_no_other_method_writes(
    night: dict[str, Any], client_of: Callable[..., Any], every_right: Any
) -> None:
    clients = {right: client_for(right, client_of) for right in (None, *ADMINISTRATORS)}
    for path in CONSOLE:
        client = clients.get(CONSOLE[path].access.right, clients[None])
        for method in ("put", "patch", "delete"):
            answer = getattr(client, method)(address(path, night))
            assert answer.status_code in (302, 403, 405), (path, method, answer.status_code)
