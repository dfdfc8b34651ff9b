"""This machine's county: its folder, its PostgreSQL, its ports and its processes.

Nothing here knows Django or a room. `site()` says where the county of this process lives.
"""

from anlan.ground.machine.site import Site, site

__all__ = ["Site", "site"]
