"""What a result rests on: scale, lens, ground, programs. Sentences for the report."""

from collections.abc import Mapping
from typing import Any

from videopose.ground import Ground
from videopose.types import Recording


def basis(recording: Recording, ground: Ground) -> tuple[str, ...]:
    """One sentence or two each on what the numbers rest on.

    Args:
        recording: its provenance is read with care: it may come from a file.
        ground: what the axes of path and feet come from.
    """
    said = _mapping(recording.provenance)
    lifter, detector = _mapping(said.get("lifter")), _mapping(said.get("detector"))
    sentences = [_scale(said), _lens(said), _ground(ground)]
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
    return f"Lens: focal length {focal:.0f} pixels, assumed. Distances from the camera grow with it. Give --fov or --focal."


def _ground(ground: Ground) -> str:
    if not ground.basis:
        return (
            "Ground: not known; the camera is taken to be level. One that looks down tilts path, trunk and pelvis as "
            "much."
        )
    return (
        f"Ground: {ground}. Heights, standing feet, the path, and the tilt of trunk and pelvis are no better than that."
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
