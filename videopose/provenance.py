"""What results say of how they were made."""

import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videopose import __version__

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_NO_MATTER = ("overwrite", "threads")
"""Settings that do not change the results."""


def run_facts(
    source: str | list[str], settings: "DataclassInstance", detector: Mapping[str, Any], notes: list[str]
) -> dict[str, Any]:
    """What every run says.

    Args:
        source: what was read.
        settings: a dataclass of all settings.
        detector: its own provenance.
        notes: sentences that the user was told.

    Returns:
        JSON-able values by name; paths and fractions as text.
    """
    return {
        "videopose": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": source,
        "detector": dict(detector),
        "settings": chosen_settings(settings),
        "versions": package_versions(),
        "notes": list(notes),
    }


def chosen_settings(settings: "DataclassInstance") -> dict[str, Any]:
    """The settings that results depend on, JSON-able: paths and fractions as text."""
    chosen = {name: value for name, value in asdict(settings).items() if name not in _NO_MATTER}
    return {name: _as_text(value) for name, value in chosen.items()}


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_text(one) for name, one in value.items()}
    return str(value) if isinstance(value, Path | Fraction) else value


def package_versions() -> dict[str, str]:
    """Python and the packages that results depend on, with their versions."""
    found = {"python": platform.python_version()}
    for package in ("torch", "numpy", "scipy", "opencv-python-headless", "ai-edge-litert"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
