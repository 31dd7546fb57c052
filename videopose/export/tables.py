"""Rows of numbers as text, quickly."""

from collections.abc import Iterator, Sequence

import numpy as np

_ROWS = 1024
"""Rows turned into text at a time."""


def number_rows(values: np.ndarray, decimals: Sequence[int], separator: str) -> Iterator[str]:
    """The rows of a table, without line ends.

    Args:
        values: (R, C) float64.
        decimals: of each column.
        separator: between columns.

    Yields:
        R texts. What is not finite is an empty cell; there is no minus zero.
    """
    line = separator.join(f"%.{places}f" for places in decimals)
    scale = 10.0 ** np.array(decimals)
    for start in range(0, len(values), _ROWS):
        chunk = values[start : start + _ROWS]
        known = np.isfinite(chunk)
        chunk = np.where(known, np.rint(chunk * scale) / scale + 0.0, np.nan)  # -0.0 + 0.0 is 0.0
        for row, whole in zip(chunk.tolist(), known.all(axis=1).tolist(), strict=True):
            text = line % tuple(row)
            yield text if whole else text.replace("nan", "")
