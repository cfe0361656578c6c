"""Adds the man pages to the wheel. hatchling runs it; see pyproject.toml."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManPages(BuildHookInterface):  # type: ignore[type-arg]  # its config is untyped
    """Writes the pages into a folder of its own while the wheel is built."""

    _folder: str | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the pages and say where they go; not for an editable install."""
        if version == "editable":
            return
        # The version in the pages is that of this source tree.
        sys.path.insert(0, self.root)
        try:
            from nutbridge.man.pages import install_path, render, sources
        finally:
            sys.path.remove(self.root)
        self._folder = tempfile.mkdtemp(prefix="nutbridge-man-")
        for source in sources():
            target = install_path(source)
            page = Path(self._folder, Path(target).name)
            page.write_text(render(source), encoding="utf-8")
            build_data["shared_data"][str(page)] = target

    def finalize(
        self, version: str, build_data: dict[str, Any], artifact_path: str
    ) -> None:
        """Remove the folder."""
        del version, build_data, artifact_path  # nothing of them is needed
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
