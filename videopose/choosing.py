"""Which people of a video are wanted."""

from dataclasses import replace

import numpy as np

from videopose.errors import UsageError
from videopose.types import Recording, Track


def choose_from(recording: Recording, person: str) -> Recording:
    """The recording with those people only that `--person` asks for, see `choose_people`.

    Raises:
        UsageError: nobody has that id, or it is no id.
    """
    check_person(person)
    tracks = choose_people(recording.tracks, person)
    ids = {track.person_id for track in tracks}
    return replace(recording, tracks=tracks, motions=tuple(m for m in recording.motions if m.person_id in ids))


def check_person(person: str) -> None:
    """Raise UsageError unless `person` is all, largest, longest or an id of 1 or more."""
    if person not in ("all", "largest", "longest") and not (person.isdecimal() and int(person)):
        raise UsageError(f"--person {person!r} is not all, largest, longest or an id of 1 or more.")


def choose_people(tracks: tuple[Track, ...], person: str) -> tuple[Track, ...]:
    """Those that `--person` asks for: `all`, `largest` (median box), `longest` (observed frames) or an id.

    Raises:
        UsageError: nobody has that id.
    """
    if person == "all" or (not tracks and person in ("largest", "longest")):
        return tracks
    if person == "largest":
        return (max(tracks, key=lambda t: float(np.median(np.prod(t.boxes[:, 2:] - t.boxes[:, :2], axis=1)))),)
    if person == "longest":
        return (max(tracks, key=lambda t: int(t.observed.sum())),)
    chosen = tuple(track for track in tracks if track.person_id == int(person))
    if not chosen:
        ids = ", ".join(str(track.person_id) for track in tracks) or "nobody"
        raise UsageError(f"--person {person}: no such person, the video has {ids}.")
    return chosen
