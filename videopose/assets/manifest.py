"""The manifest of assets: what each file is, where it comes from, what it hashes to, and its licence."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from videopose.errors import AssetError

DEFAULT_LIFTER = "wild-243"
"""Name of the lifter that is taken where none is named; it ships with the package."""

KINDS = ("detector", "lifter", "sample")
SOURCE_KINDS = ("url", "wheel", "package", "path", "iopath")


def _wrong_entry(name: str, problem: object) -> str:
    return f"asset {name!r} is described wrongly: {problem}. Correct its entry in manifest.toml."


@dataclass(frozen=True, slots=True)
class Source:
    """One place a file can come from. `kind` says which of the other fields count."""

    kind: str
    """`url`, `wheel`, `package`, `path` or `iopath`."""
    value: str
    """The address; the requirement (`mediapipe==0.10.21`); the file in `videopose.weights`; the local path; or the
    path in the cache that Detectron2 keeps by the package iopath."""
    member: str = ""
    """wheel: the file inside the archive."""
    python: str = ""
    """wheel: the Python version of the wheel, for example `3.12`; any that runs pip will do to fetch it."""
    platform: str = ""
    """wheel: its platform tag; empty for wheels that fit all."""
    size: int = 0
    """wheel: bytes of the archive, for the progress display; 0 if not known."""

    @property
    def label(self) -> str:
        """Short name for messages."""
        labels = {
            "wheel": f"pip download {self.value}",
            "package": f"this installation ({self.value})",
            "iopath": "the cache of Detectron2",
        }
        return labels.get(self.kind, self.value)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file the package can use but does not have to carry."""

    name: str
    """What users and code call it."""
    kind: str
    """`detector`, `lifter` or `sample`."""
    file: str
    """Name of the file in the cache."""
    licence: str
    """SPDX identifier of the file's licence."""
    about: str
    """What it is, one sentence."""
    sources: tuple[Source, ...]
    """Tried in this order."""
    size: int = 0
    """Bytes; 0 only where the hash is not known either."""
    sha256: str = ""
    """64 lower-case hex digits; empty where `hash_unknown` says why."""
    hash_unknown: str = ""
    """Why there is no hash to check against; empty where there is one."""
    md5_start: str = ""
    """First hex digits of the file's MD5, where its publishers give no more than that."""
    by_name_only: bool = False
    """True: fetched only when asked for by name (its licence restricts use, or it is large)."""
    lifter: Mapping[str, Any] = field(default_factory=dict)
    """kind `lifter`: layout in and out, normalisation, frame rate, receptive field, expected error."""

    @property
    def expected_error_mm(self) -> Mapping[str, float]:
        """MPJPE (mm) that `videopose evaluate` finds with this lifter, by the name it gives the data; may be empty."""
        expected: Mapping[str, float] = self.lifter.get("expected_error_mm", {})
        return expected

    def __post_init__(self) -> None:
        problem = self._problem()
        if problem:
            raise AssetError(_wrong_entry(self.name, problem))

    def _problem(self) -> str:
        if self.kind not in KINDS:
            return f"kind must be one of {', '.join(KINDS)}, got {self.kind!r}"
        if not self.file or Path(self.file).name != self.file or "\\" in self.file:
            return f"file must be a plain file name, got {self.file!r}"
        if not self.licence or not self.about or not self.sources:
            return "licence, about and sources must not be empty"
        if bool(self.sha256) == bool(self.hash_unknown):
            return "it needs either sha256 or a reason in hash_unknown"
        if self.sha256 and not re.fullmatch("[0-9a-f]{64}", self.sha256):
            return f"sha256 must be 64 lower-case hex digits, got {self.sha256!r}"
        if not re.fullmatch("[0-9a-f]{0,32}", self.md5_start) or (self.md5_start and self.sha256):
            return f"md5_start must be hex digits, in place of sha256, got {self.md5_start!r}"
        if self.size < 0 or (self.sha256 and not self.size):
            return f"size must be a positive number of bytes, got {self.size}"
        table: object = self.lifter
        if not isinstance(table, Mapping):
            return f"lifter must be a table, got {self.lifter!r}"
        expected = self.expected_error_mm
        if not isinstance(expected, dict) or not all(
            isinstance(mm, int | float) and mm > 0 for mm in expected.values()
        ):
            return f"lifter.expected_error_mm must give millimetres by the name of the data, got {expected!r}"
        return ""


def parse_source(entry: Mapping[str, Any], folder: Path) -> Source:
    """Read one source table; a relative `path` counts from `folder`, the manifest's own.

    Raises:
        ValueError: it names no kind or several, or has fields its kind does not know.
    """
    kinds = [kind for kind in SOURCE_KINDS if kind in entry]
    if len(kinds) != 1:
        raise ValueError(
            f"a source needs exactly one of {', '.join(SOURCE_KINDS)}, got {', '.join(entry) or 'nothing'}"
        )
    kind = kinds[0]
    extra = {key: value for key, value in entry.items() if key != kind}
    if unknown := set(extra) - ({"member", "python", "platform", "size"} if kind == "wheel" else set()):
        raise ValueError(f"a {kind} source does not know {', '.join(sorted(unknown))}")
    if kind == "wheel" and not extra.get("member"):
        raise ValueError("a wheel source needs the member to take out")
    value = str(entry[kind])
    if kind == "iopath" and (Path(value).is_absolute() or ".." in Path(value).parts):
        raise ValueError(f"an iopath source lies in the cache, got {value!r}")
    if kind == "path":
        value = str(folder / Path(value).expanduser())
    return Source(kind, value, **extra)


def parse_manifest(text: str, folder: Path) -> dict[str, Asset]:
    """Read a manifest: one `[asset.NAME]` table per file.

    Raises:
        AssetError: it is not TOML, or an entry is wrong.
    """
    try:
        tables = tomllib.loads(text).get("asset", {})
    except tomllib.TOMLDecodeError as error:
        raise AssetError(f"manifest.toml is not valid TOML ({error}). Install videopose again.") from error
    assets = {}
    for name, table in tables.items():
        try:
            sources = tuple(parse_source(entry, folder) for entry in table.get("sources", ()))
            assets[name] = Asset(name=name, **{**table, "sources": sources})
        except (TypeError, ValueError) as error:
            raise AssetError(_wrong_entry(name, error)) from error
    return assets


@cache
def _shipped() -> dict[str, Asset]:
    manifest = resources.files("videopose.weights") / "manifest.toml"
    with resources.as_file(manifest) as path:
        return parse_manifest(manifest.read_text(encoding="utf-8"), path.parent)


def load_manifest() -> dict[str, Asset]:
    """Every asset the package knows, by name, in the order of the manifest."""
    return dict(_shipped())
