"""Stand-in weights by formula, and what Detectron2 itself found with them."""

import importlib.util
import pickle
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from videopose.detect.keypoint_rcnn.architecture import ARCHITECTURES, parameter_shapes

Weights = Callable[[str], dict[str, np.ndarray]]


@pytest.fixture(scope="session")
def formula(shared_dir: Path) -> ModuleType:
    """The program that fills weights in and draws pictures."""
    spec = importlib.util.spec_from_file_location("formula", shared_dir / "golden" / "formula.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def r50_file(formula: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of the R50 network in the form of the published ones."""
    path = tmp_path_factory.mktemp("weights") / "r50.pkl"
    arrays = formula.weights(parameter_shapes(ARCHITECTURES["keypoint-rcnn-r50"]))
    with path.open("wb") as stream:
        pickle.dump({"model": arrays, "__author__": "a formula"}, stream)
    return path
