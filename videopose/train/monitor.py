"""What one watches of a run: curves as a picture, and scalars for TensorBoard."""

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from tensorboardX import SummaryWriter

from videopose.errors import VideoposeError
from videopose.files import output_error
from videopose.train.curves import NAME, draw_curves
from videopose.train.run_log import read_log

DRAW_EVERY_S = 20.0
"""A picture takes some tenths of a second: short epochs do not each get one."""
FOLDER = "tensorboard"
_TAGS = {
    "train_mm": "error/train_mm",
    "valid_mm": "error/valid_mm",
    "valid_p_mpjpe_mm": "error/valid_p_mpjpe_mm",
    "valid_acceleration_mm": "error/valid_acceleration_mm",
    "trajectory_mm": "parts/trajectory_mm",
    "projection": "parts/projection",
    "bone_mm": "parts/bone_mm",
    "learning_rate": "settings/learning_rate",
    "momentum": "settings/momentum",
    "examples_per_s": "speed/examples_per_s",
    "seconds": "speed/seconds",
}
"""TensorBoard's name of each number of the log."""


class RunMonitor:
    """Shows a run while it trains; use it in a `with` statement."""

    def __init__(self, run: Path, name: str, epoch: int) -> None:
        """Begin, or go on.

        Args:
            run: folder of the run.
            name: of the recipe.
            epoch: how many are behind us; what TensorBoard has of later ones does not count any more.

        Raises:
            OutputError: the folder cannot be written to.
        """
        self._run, self._name = run, name
        self._drawn = -DRAW_EVERY_S
        try:
            # Files are named by the second: a run that goes on at once must not write over its own.
            suffix = f".{epoch}"
            self._writer = SummaryWriter(str(run / FOLDER), purge_step=epoch + 1, filename_suffix=suffix)
        except OSError as error:
            raise output_error(run / FOLDER, error) from error

    def __enter__(self) -> "RunMonitor":
        return self

    def show(self, values: Mapping[str, Any]) -> None:
        """An epoch is over.

        Args:
            values: its line of the log.

        Raises:
            OutputError: a file cannot be written.
        """
        try:
            for key, tag in _TAGS.items():
                if values.get(key) is not None:
                    self._writer.add_scalar(tag, values[key], values["epoch"])
            self._writer.flush()
        except OSError as error:
            raise output_error(self._run / FOLDER, error) from error
        if time.monotonic() - self._drawn >= DRAW_EVERY_S:
            self._draw()
            self._drawn = time.monotonic()

    def _draw(self) -> None:
        if log := read_log(self._run / "log.jsonl"):
            draw_curves(log, self._run / NAME, self._name)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        if kind is None:
            self._draw()
            return
        with suppress(VideoposeError):  # what stopped the run is the news
            self._draw()
