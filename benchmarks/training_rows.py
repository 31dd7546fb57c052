"""Rows of the README's table about training."""

from collections.abc import Iterator
from typing import Any

Row = tuple[str, str, str]


def speed_rows(data: dict[str, Any]) -> Iterator[Row]:
    rates, ratios = data["examples_per_s"], data["ratio"]
    ours = ", ".join(f"{name} {ratios[name]:.2f} times ({rates[name]:.0f})" for name in ratios if name != "reference")
    yield (
        "training, 243 frames, 1024 channels, examples/s against the reference way "
        f"({rates['reference']:.0f}), two processor cores",
        ours,
        "train_speed.py",
    )


def path_rows(data: dict[str, Any]) -> Iterator[Row]:
    ways = data["ways"]
    plain = ways["plain"]

    def apart(name: str) -> str:
        pairs = list(zip(ways[name]["epochs"], plain["epochs"], strict=True))
        train = max(abs(a["train_mm"] / b["train_mm"] - 1) for a, b in pairs)
        error = ways[name]["result"]["average"]["mpjpe_mm"]
        return f"{name} {100 * train:.2f} %, then {error:.1f} mm"

    epochs = len(plain["epochs"])
    yield (
        f"training losses of {epochs} epochs, at most apart from the plain network's, then MPJPE "
        f"(plain: {plain['result']['average']['mpjpe_mm']:.1f} mm)",
        "; ".join(apart(name) for name in ("fast", "bfloat16")),
        "fast_path.py",
    )
    lines = [
        [[line[key] for key in ("train_mm", "valid_mm")] for line in ways[name]["epochs"]] for name in ("fast", "again")
    ]
    yield "the same run with the same seed once more", "equal" if lines[0] == lines[1] else "not equal", "fast_path.py"


def field_rows(data: dict[str, Any]) -> Iterator[Row]:
    frames = sorted(data["frames"], key=int)

    def errors(measure: str) -> str:
        return ", ".join(f"{data['frames'][count]['result']['average'][measure]:.1f}" for count in frames)

    lengths = ", ".join(frames)
    yield (
        f"supervised on real motion, detector-like noise, subjects apart, {lengths} frames seen",
        f"MPJPE {errors('mpjpe_mm')} mm; P-MPJPE {errors('p_mpjpe_mm')} mm; velocity {errors('mpjve_mm')} mm/frame",
        "receptive_field.py",
    )


def unlabelled_rows(data: dict[str, Any]) -> Iterator[Row]:
    alone, both = (data["runs"][name]["result"]["average"] for name in ("supervised", "semi_supervised"))
    gain = 100 * (1 - both["mpjpe_mm"] / alone["mpjpe_mm"])
    yield (
        "a tenth of one subject labelled, others by back-projection, against the supervised twin",
        f"MPJPE {both['mpjpe_mm']:.1f} against {alone['mpjpe_mm']:.1f} mm ({gain:.0f} % less), "
        f"P-MPJPE {both['p_mpjpe_mm']:.1f} against {alone['p_mpjpe_mm']:.1f} mm",
        "backprojection.py",
    )


TRAINING = {
    "train_speed": speed_rows,
    "fast_path": path_rows,
    "receptive_field": field_rows,
    "backprojection": unlabelled_rows,
}
