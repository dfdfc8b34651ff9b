"""Wall screens (大屏): machines that show one place's night to a room, and may do nothing else.

Flows in: an administrator's word that such a machine is to be. Flows out: a device token of which
only the hash stands here; whoever ends the wall ends the token.
"""

from __future__ import annotations

from django.db import models

from anlan.ground.models import AnlanNow


class Wall(models.Model):
    """A wall screen: which place it shows, when it was opened and last seen, when it ended.

    link_hash: of the link that opens it once, until link_until; token_hash: of the device's token.
    """

    name = models.CharField(max_length=60)
    place = models.BigIntegerField()
    link_hash = models.BinaryField(unique=True)
    link_until = models.DateTimeField()
    token_hash = models.BinaryField(unique=True, null=True)
    address = models.CharField(max_length=64, default="")
    made_at = models.DateTimeField(db_default=AnlanNow(), editable=False)
    made_by = models.CharField(max_length=100, default="")
    opened_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
