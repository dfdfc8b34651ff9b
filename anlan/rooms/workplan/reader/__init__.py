"""Reads a county's published work plan into `anlan.plan/1`. Pure: no Django, no database.

Flattened text as a county's web page gives it, UTF-8 or GBK: chapters, points, and tables whose
cells stand one a line behind a tab. What the reader is not sure of is a doubt with a code; what is
no plan is refused with what was looked for and where the reading stopped.
"""

from anlan.rooms.workplan.reader.document import PlanRefused, read_plan

__all__ = ["PlanRefused", "read_plan"]
