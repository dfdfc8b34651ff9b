"""Seeds of second factors, sealed again under the newest key after a rotation.

Flows in: allauth's rows of authenticator apps and recovery codes. Flows out: the same seeds, sealed
anew; a round calls it beside the sealed fields of our own models.
"""

from __future__ import annotations

from allauth.mfa.models import Authenticator

from anlan.ground import journal, secrets
from anlan.ground.scope import Scope

PURPOSE = "second-factor"
SEALED = ("secret", "seed")


def reseal(scope: Scope, rows_max: int) -> int:
    """Seal what is under an old key again, at most so many rows a pass; how many."""
    current, done = secrets.keys().current, 0
    with scope.open():
        for row in Authenticator.objects.select_for_update(skip_locked=True).order_by("id"):
            if done >= rows_max:
                break
            changed = {name: _again(row.data[name], current) for name in SEALED if name in row.data}
            if any(row.data[name] != value for name, value in changed.items()):
                row.data |= changed
                row.save(update_fields=["data"])
                done += 1
        if done:
            why = f"mfa_authenticator: {done}"
            journal.line(scope, "keys.resealed", ("key", current), why=why)
    return done


def _again(sealed: str, current: int) -> str:
    """The same value, under the newest key where it is under an older one."""
    raw = bytes.fromhex(sealed)
    if int.from_bytes(raw[:2], "big") == current:
        return sealed
    return secrets.seal(secrets.unseal(raw, PURPOSE), PURPOSE).hex()
