"""Mutated files given to whole command lines; each case runs in a forked process of its own, under watch.

Whatever a file holds, a command ends with results that load or with one sentence: no traceback, no crash, no hang, no
code of the file run, nothing half-written, nothing left running. Each case follows from the seed and its name alone:

    VIDEOPOSE_FUZZ_SEED=7       other mutations (the default is 1)
    VIDEOPOSE_FUZZ_CASES=10     ten times as many (with pytest's --timeout 0)
    VIDEOPOSE_FUZZ_ONLY=mp4-17  these cases alone (names with commas between)

What fails is told by name, with the folder in which its files and command line are kept.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fuzzing.material import Material
from fuzzing.runner import Runner
from nursery import Nursery

_HERE = Path(__file__).resolve().parent
AT_A_TIME = 2
_WARM = f"""
import gc
sys.path.insert(0, {str(_HERE)!r})
import fuzzing.watch
import ai_edge_litert.interpreter, h5py, jsonschema, matplotlib.pyplot, safetensors.torch, scipy.signal, tensorboardX
import videopose.cli.evaluate_archive, videopose.cli.lift, videopose.cli.prepare, videopose.cli.prepare_datasets
import videopose.cli.archive_training, videopose.cli.train, videopose.data.custom, videopose.data.open_archives
import videopose.detect.blazepose, videopose.detect.keypoint_rcnn, videopose.export.overlay, videopose.lift_file
import videopose.train.archive_loop, videopose.train.datasets, videopose.train.evaluate, videopose.train.monitor
import videopose.train.protocol
from videopose.video.ffmpeg import ffmpeg_path
ffmpeg_path()
# What is there already need not be looked through again, nor be copied for that, in each process.
gc.collect()
gc.freeze()
"""


@pytest.fixture(scope="session")
def material(networks: None, shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Material:
    made = Material(tmp_path_factory.mktemp("material"), shared_dir)
    made.make_all()
    return made


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    folder = tmp_path_factory.mktemp("nurseries")
    nurseries = [Nursery(folder, _WARM) for _ in range(AT_A_TIME)]
    yield Runner(tmp_path_factory.mktemp("cases"), nurseries)
    for nursery in nurseries:
        nursery.close()
