"""Which of several videos in one file is meant."""

from collections.abc import Sequence
from pathlib import Path

from videopose.errors import InputError

_SHOWN = 10
_OPTION = "--detections-name (infer) or --name (lift)"


def choose(path: Path, names: Sequence[str], name: str | None, name_hint: str | None) -> str:
    """The one of `names` that is wanted.

    Args:
        path: the file or folder, for messages.
        names: at least one.
        name: must be there; None: the only one, or `name_hint`.
        name_hint: is taken where it is there, or is one of them but for its ending.

    Raises:
        InputError: it is not there, or none was named and there are several.
    """
    there = ", ".join(map(repr, names[:_SHOWN])) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    if name is not None:
        if name not in names:
            raise InputError(f"{path}: has nothing called {name!r}, only {there}. Name one of these with {_OPTION}.")
        return name
    if len(names) == 1:
        return names[0]
    if name_hint is not None:
        # Archives of one's own videos often call them by their whole file names.
        for alike in ([name_hint], [one for one in names if one.rpartition(".")[0] == name_hint]):
            if len(alike) == 1 and alike[0] in names:
                return alike[0]
    raise InputError(f"{path}: holds {len(names)} videos, {there}. Name one of them with {_OPTION}.")
