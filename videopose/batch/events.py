"""What workers tell of their videos."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Failure(StrEnum):
    """What kind of trouble it was, for what to do next."""

    INPUT = "input"
    """The video, its address or the settings: the same will happen again."""
    TROUBLE = "trouble"
    """It may pass: something unexpected, a network."""
    DIED = "died"
    """The worker ended all of a sudden: memory ran out, a library crashed, somebody ended it."""
    MEMORY = "memory"
    """The worker ran out of memory, or used more than it may."""
    SETUP = "setup"
    """Weights, devices, packages: every video would fail."""
    OUTPUT = "output"
    """Results could not be written."""
    DISK_FULL = "disk full"
    """There is no space for any result."""


@dataclass(frozen=True, slots=True)
class Advanced:
    """A video is being worked on."""

    job_id: int
    stage: str
    done: int
    total: int | None
    """Steps of the stage, None when not known."""
    unit: str


@dataclass(frozen=True, slots=True)
class Said:
    """Something the user should know, once."""

    job_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """All results of a video are whole in its staging folder."""

    job_id: int
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """A video could not be done this time."""

    job_id: int
    kind: Failure
    text: str
    """A sentence."""


Event = Advanced | Said | Finished | Failed
