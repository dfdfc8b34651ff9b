"""WCAG 2.2 AA by axe-core, as a test asks it of a page that is open in the browser.

The rules come with the wheel `axe-playwright-python`; the page's own content policy lets no script
in, so they are put there through the debugger, as a person with the console open would.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WHOLE = {"type": "tag", "values": TAGS}
COLOUR = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
RUN = """async (only) => (await axe.run(document, {runOnly: only, resultTypes: ["violations"]})).violations
  .map((v) => `${v.id} ×${v.nodes.length} ${v.nodes[0].html.slice(0, 160)} ${v.nodes[0].failureSummary}`)"""


@lru_cache(maxsize=1)
def rules() -> str:
    """axe.min.js as the wheel carries it."""
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Any) -> list[str]:
    """What axe finds in the page as it stands: all rules in light, those of colour in dark too."""
    found: list[str] = []
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(rules())
    for scheme, only in (("dark", COLOUR), ("light", WHOLE)):
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme} {page.url} {text}" for text in page.evaluate(RUN, only)]
    return found
