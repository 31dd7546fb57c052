"""What a result rests on: scale, lens, ground, programs. Sentences for the report."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from videopose.types import Recording
from videopose.world import CAMERA_WORLD, World


def basis(recording: Recording, world: World) -> tuple[str, ...]:
    """One sentence or two each on what the numbers rest on.

    Args:
        recording: its provenance is read with care: it may come from a file.
        world: the axes of path and feet.
    """
    said = _mapping(recording.provenance)
    lifter, detector = _mapping(said.get("lifter")), _mapping(said.get("detector"))
    sentences = [_scale(said), _lens(said), _ground(world)]
    names = [(name, _text(part.get("name"))) for name, part in (("detector", detector), ("lifter", lifter))]
    programs = [f"{name} {value}" for name, value in names if value]
    version = _text(said.get("videopose"))
    if version:
        programs.insert(0, f"videopose {version}")
    if programs:
        sentences.append(f"Made with {', '.join(programs)}.")
    return tuple(sentences)


def _scale(said: Mapping[str, Any]) -> str:
    settings = _mapping(said.get("settings"))
    height = settings.get("height_m", _mapping(settings.get("motion")).get("height_m"))
    if isinstance(height, int | float) and not isinstance(height, bool):
        return f"Scale: the person was said to be {height:.2f} m tall; all lengths follow from that."
    return (
        "Scale: no height was given, so the body has the size that the lifter learned to expect of its pose. A tall, "
        "small or young person comes out wrong by as much as he or she differs from that. Give --height."
    )


def _lens(said: Mapping[str, Any]) -> str:
    focal = said.get("focal_px")
    if not isinstance(focal, int | float) or isinstance(focal, bool):
        return "Lens: the file does not say the focal length, so joints cannot be projected."
    if said.get("focal_known") is True:
        return f"Lens: focal length {focal:.0f} pixels, as given."
    return (
        f"Lens: focal length {focal:.0f} pixels, assumed. Distances from the camera grow with it; poses hardly change. "
        "Give --fov or --focal."
    )


def _ground(world: World) -> str:
    if np.allclose(world.rotation, CAMERA_WORLD.rotation) and not world.origin.any():
        return (
            "Ground: not known. The camera is taken to be level, and height is counted from it. A camera that looks "
            "down tilts the path, the trunk and the pelvis by as much."
        )
    tilt = float(np.degrees(np.arccos(np.clip((world.rotation @ CAMERA_WORLD.rotation.T)[1, 1], -1.0, 1.0))))
    return (
        "Ground: estimated from feet and bodies; up is tilted by "
        f"{tilt:.0f} degrees against the camera's. Heights and standing feet are as good as that."
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
