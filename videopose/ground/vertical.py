"""The vertical and the floor that fit feet, bodies and the habits of those who film best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from videopose.ground.footholds import Footholds
from videopose.ground.upright import Upright

_PITCH_DEGREES, _ROLL_DEGREES = 10.0, 3.0
"""How far cameras usually look up or down, and lean to a side: standard deviations. Large tilts are let go of."""
_BODY_ROLL = 0.6
"""A body's error to the sides against the one towards the camera: the picture shows the former."""
_HOLD_M = 0.06
"""Standard deviation of the height of a place where a foot stood: lifted ankles relative to the root."""
_DEPTH = 0.04
"""Standard deviation of depth over depth, from place to place. It matters as far as one looks down on the place."""
_LEVELS_M, _LEVELS = 0.1, 0.1
"""Standard deviation of one person's floor from another's: metres, and share of the camera's height, as people's sizes
are not known."""
_HEIGHT_M, _HEIGHT_SPREAD_M = 1.4, 3.0
"""The camera's height over the ankles; where nobody stands, nothing else says anything of it."""
_PRIOR_CAUCHY, _BODY_CAUCHY, _FOOT_CAUCHY = 1.5, 5.0, 2.0
"""Standard deviations at which an error counts half. Source: Cauchy's robust estimator."""
_ITERATIONS = 20
_STEEPEST = np.radians(85.0)


@dataclass(frozen=True, slots=True)
class Vertical:
    """Gravity and floor in camera axes."""

    pitch: float
    """Radians, positive where the camera looks down."""
    roll: float
    """Radians, positive where upright things lean to the right in the picture."""
    height_m: float
    """Of the camera over the ankles of those who stand."""
    error_degrees: float
    """Expected error of `up`, root mean square."""

    @property
    def up(self) -> np.ndarray:
        """(3,) of length 1, camera axes."""
        return _up(self.pitch, self.roll)


def solve_vertical(bodies: Sequence[Upright], feet: Sequence[Footholds]) -> Vertical:
    """Weighted least squares with errors that are let go of when they are large.

    Args:
        bodies: what they say, one a person.
        feet: where they stood, one a person.
    """
    # pitch, roll, height, and height over each person's own floor
    state = np.array([0.0, 0.0, *[_HEIGHT_M] * (1 + len(feet))])
    for _ in range(_ITERATIONS):
        equations = _equations(state, bodies, feet)
        matrix = np.concatenate([rows for rows, _ in equations])
        residual = np.concatenate([residuals for _, residuals in equations])
        information = matrix.T @ matrix
        state = state - np.linalg.solve(information, matrix.T @ residual)
        state[:2] = np.clip(state[:2], -_STEEPEST, _STEEPEST)
    covariance = np.linalg.inv(information)
    error = float(np.degrees(np.sqrt(covariance[0, 0] + covariance[1, 1])))
    return Vertical(float(state[0]), float(state[1]), float(state[2]), error)


_Equations = tuple[np.ndarray, np.ndarray]
"""(N, U) derivatives of the residuals by the unknowns, and (N,) residuals, both in standard deviations."""


def _equations(state: np.ndarray, bodies: Sequence[Upright], feet: Sequence[Footholds]) -> list[_Equations]:
    pitch, roll, height = state[:3]
    up = _up(pitch, roll)
    by_pitch = np.array([0.0, np.cos(roll) * np.sin(pitch), -np.cos(roll) * np.cos(pitch)])
    by_roll = np.array([np.cos(roll), np.sin(roll) * np.cos(pitch), np.sin(roll) * np.sin(pitch)])
    unknown = np.eye(len(state))
    equations = [
        _weighed(unknown[:2], state[:2], np.radians([_PITCH_DEGREES, _ROLL_DEGREES]), _PRIOR_CAUCHY),
        _weighed(unknown[2:3], state[2:3] - _HEIGHT_M, np.array([_HEIGHT_SPREAD_M]), np.inf),
    ]
    for body in bodies:
        across = np.stack([by_pitch / np.cos(roll), by_roll])
        rows = np.outer(across @ by_pitch, unknown[0]) + np.outer(across @ by_roll, unknown[1])
        error = np.radians(body.error_degrees) * np.array([1.0, _BODY_ROLL])
        equations.append(_weighed(rows, across @ (up - body.direction), error, _BODY_CAUCHY))
    for person, holds in enumerate(feet, start=3):
        rows = np.outer(holds.points @ by_pitch, unknown[0]) + np.outer(holds.points @ by_roll, unknown[1])
        level = holds.points @ up
        error = np.hypot(_HOLD_M, _DEPTH * level)
        whole = _weighed(rows + unknown[person], level + state[person], error, _FOOT_CAUCHY)
        share = np.sqrt(holds.weight)
        equations.append((whole[0] * share[:, None], whole[1] * share))
        apart = np.array([np.hypot(_LEVELS_M, _LEVELS * height)])
        own = (unknown[person] - unknown[2])[None]
        equations.append(_weighed(own, state[person : person + 1] - height, apart, _FOOT_CAUCHY, strict=True))
    return equations


def _weighed(
    rows: np.ndarray, residual: np.ndarray, error: np.ndarray, bound: float, *, strict: bool = False
) -> _Equations:
    """In standard deviations `error`; what is far more than `bound` of them off counts little.

    At the bound it counts half, as by Cauchy's estimator; strictly a quarter, and beyond next to nothing, as by Geman
    and McClure's.
    """
    share = 1 / (error * (1 + (residual / error / bound) ** 2) ** (1.0 if strict else 0.5))
    return rows * share[:, None], residual * share


def _up(pitch: float, roll: float) -> np.ndarray:
    return np.array([np.sin(roll), -np.cos(roll) * np.cos(pitch), -np.cos(roll) * np.sin(pitch)])
