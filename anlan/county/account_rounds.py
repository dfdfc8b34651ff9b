"""Rounds of accounts: who is unused for too long, and what need not be kept any longer."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from anlan.county.accounts import disable_account
from anlan.county.models import Account
from anlan.ground import clock
from anlan.ground.scope import Scope

UNUSED_LIFE = timedelta(days=90)


def rest_unused(scope: Scope) -> int:
    """Round: accounts unused for 90 days are disabled; those of a demonstration are not.

    Nobody can sign in to a demonstration account but by its one-time link.
    """
    with scope.open():
        since = clock.now(0) - UNUSED_LIFE
        names = [
            account.username
            for account in Account.objects.filter(is_active=True, demo=False)
            if (account.used_at or account.created_at) < since
        ]
    for name in names:
        disable_account(scope, name, "unused for 90 days")
    return len(names)


def forget_old(scope: Scope) -> int:
    """Round: counts of tries that rest no more, and sessions whose time is over, are deleted."""
    with scope.open(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM county_tries WHERE since < anlan_now(0) - interval '1 hour'"
            " AND coalesce(until, since) < anlan_now(0)"
        )
        handled = max(cursor.rowcount, 0)
        cursor.execute("DELETE FROM django_session WHERE expire_date < anlan_now(0)")
        handled += max(cursor.rowcount, 0)
    return int(handled)
