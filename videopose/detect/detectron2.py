"""Detectron2 itself as the detector, where it is installed: for the configs and weights that people have for it."""

import importlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import numpy as np
import torch

from videopose.assets import Progress, asset_path, load_manifest, sha256_of
from videopose.detect.batches import Batches
from videopose.detect.checkpoint import check_numbers, first_of, misfits, read_checkpoint
from videopose.detect.keypoint_rcnn.picture import resize
from videopose.detect.settings import DetectorSettings
from videopose.devices import usable_device
from videopose.errors import AssetError, InputError, UsageError, VideoposeError
from videopose.skeletons import COCO17
from videopose.types import Detections, Frame

DEFAULT_CONFIG = "COCO-Keypoints/keypoint_rcnn_R_101_FPN_3x.yaml"
HOME = "https://dl.fbaipublicfiles.com/detectron2/"
"""What `detectron2://` stands for."""
SCORE_THRESHOLD = 0.5
GPU_BATCH = 4
"""Frames a pass on a GPU; how much memory a config of one's own takes is not known."""

INSTALL = (
    "install torch and torchvision of one build and setuptools below 81, then run "
    "`pip install --no-build-isolation 'git+https://github.com/facebookresearch/detectron2.git'`"
)
INSTEAD = "or choose --detector keypoint-rcnn-r101, which runs the same network without it"


class Detectron2Detector:
    """Finds everybody in each frame by a keypoint model of Detectron2; see `Detector` for the methods."""

    name = "detectron2"
    layout = COCO17.name
    looks_alone = True

    def __init__(
        self,
        settings: DetectorSettings,
        *,
        device: str = "auto",
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Build the model that the config describes, and give it its weights.

        Args:
            settings: `d2_config`, `d2_weights`, `short_side`, `score_threshold` and `batch_size` count.
            device: `auto` (CUDA where there is one), `cpu`, `cuda`, `mps`.
            threads: processor threads for torch (of the whole process); None leaves them.
            progress: called with (bytes done, bytes in all; 0 if not known) while published weights are fetched.

        Raises:
            VideoposeError: Detectron2 is not installed, or cannot be imported.
            UsageError: there is no such config, it names no weights, or torch has no such device.
            InputError: the config or the weights are broken, or do not find COCO's 17 keypoints of people.
            AssetError: the weights cannot be fetched.
        """
        self._version = str(getattr(_import("detectron2"), "__version__", "not known"))
        if threads is not None:
            torch.set_num_threads(threads)
        device = usable_device(device)
        self._config = settings.d2_config or DEFAULT_CONFIG
        config = _read_config(self._config)
        _check_config(self._config, config)
        file = _weights_file(settings.d2_weights or _address(self._config, config), progress)
        self._threshold = SCORE_THRESHOLD if settings.score_threshold is None else settings.score_threshold
        config.MODEL.ROI_HEADS.SCORE_THRESH_TEST = self._threshold
        config.MODEL.DEVICE = device
        self._sides = _sides(config, settings.short_side)
        self._is_rgb = config.INPUT.FORMAT == "RGB"
        model = self._build(config)
        _load(model, file)
        self._model: Any = model.eval()
        self._device = torch.device(device)
        self._source = {"name": file.name, "sha256": sha256_of(file)}
        size = settings.batch_size or (GPU_BATCH if self._device.type == "cuda" else 1)
        self._batches: Batches[Detections] = Batches(self._find, size, self._clean, f"{self.name} on {device}")

    def detect(self, frames: Iterable[Frame]) -> Iterator[Detections]:
        """Yield one `Detections` per frame, in order, holding two batches at most.

        Raises:
            VideoposeError: not even a single frame fits into the device's memory.
        """
        yield from self._batches.run(frames)

    def provenance(self) -> dict[str, Any]:
        """Name, version of the library, weights with their sha256, and settings."""
        return {
            "name": self.name,
            "version": self._version,
            "layout": self.layout,
            "weights": [self._source],
            "settings": {
                "config": self._config,
                "short_side": self._sides[0],
                "score_threshold": self._threshold,
                "device": str(self._device),
            },
        }

    def close(self) -> None:
        """Stop the thread and free the model."""
        self._batches.close()
        self._model = None
        self._clean()

    def _build(self, config: Any) -> torch.nn.Module:
        try:
            model: torch.nn.Module = _import("detectron2.modeling").build_model(config)
        except Exception as error:  # of any class: the config may ask for anything
            raise InputError(f"{self._config}: Detectron2 cannot build this model ({_short(error)}).") from error
        return model

    def _find(self, frames: Sequence[Frame]) -> list[Detections]:
        height, width = frames[0].image.shape[:2]
        pictures = torch.from_numpy(np.stack([frame.image for frame in frames])).to(self._device)
        pictures = resize(pictures, *resized_size(width, height, *self._sides))
        if self._is_rgb:
            pictures = pictures.flip(-1)
        inputs = [{"image": one, "height": height, "width": width} for one in pictures.permute(0, 3, 1, 2).float()]
        with torch.inference_mode():
            return [self._detections(found["instances"]) for found in self._model(inputs)]

    def _detections(self, instances: Any) -> Detections:
        scores = _array(instances.scores)
        kept = scores > self._threshold
        keypoints = _array(instances.pred_keypoints).reshape(len(scores), len(COCO17), 3)[kept]
        # a pseudo probability without an upper bound
        np.clip(keypoints[..., 2], 0.0, 1.0, out=keypoints[..., 2])
        return Detections(_array(instances.pred_boxes.tensor)[kept], scores[kept], keypoints, self.layout)

    def _clean(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def resized_size(width: int, height: int, shortest: int, longest: float) -> tuple[int, int]:
    """Width and height that Detectron2 resizes to: the shorter side as asked, the longer at most `longest`; 0: not."""
    if shortest == 0:
        return width, height
    scale = shortest / min(width, height)
    scale = min(scale, longest / max(width, height)) if scale * max(width, height) > longest else scale
    return max(1, int(width * scale + 0.5)), max(1, int(height * scale + 0.5))


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name == "detectron2":
            raise VideoposeError(f"Detectron2 is not installed: {INSTALL}, {INSTEAD}.") from error
        _refuse_import(error)
    except Exception as error:  # compiled parts fail with errors of any class
        _refuse_import(error)


def _refuse_import(error: Exception) -> NoReturn:
    needs = "it needs torch and torchvision of one build, to be compiled against them, and setuptools below 81"
    raise VideoposeError(
        f"Detectron2 is installed but cannot be imported ({_short(error)}): {needs}; mend that, {INSTEAD}."
    ) from error


def _read_config(name: str) -> Any:
    if name.endswith(".py"):
        raise UsageError(
            f"--d2-config {name}: a config written in Python is code, which is not run. Give a .yaml file."
        )
    zoo = _import("detectron2.model_zoo")
    own = Path(name).expanduser()
    try:
        file = str(own) if own.is_file() else str(zoo.get_config_file(name))
    except RuntimeError as error:
        raise UsageError(
            f"--d2-config {name}: neither a file nor a config of Detectron2's model zoo. "
            f"Give one as {DEFAULT_CONFIG}, or the path of a .yaml file."
        ) from error
    config = _import("detectron2.config").get_cfg()
    try:
        # by default the library runs whatever Python a YAML file names
        config.merge_from_file(file, allow_unsafe=False)
    except Exception as error:  # YAML's errors, unknown keys, wrong types
        raise InputError(
            f"{name}: no config that this Detectron2 can read ({_short(error)}). "
            "Give the .yaml file of a keypoint model without settings of other projects."
        ) from error
    return config


def _check_config(name: str, config: Any) -> None:
    """The model that is described finds COCO's keypoints of people."""
    advice = f"Choose a keypoint config, for example {DEFAULT_CONFIG}"
    count, classes = config.MODEL.ROI_KEYPOINT_HEAD.NUM_KEYPOINTS, config.MODEL.ROI_HEADS.NUM_CLASSES
    if not config.MODEL.KEYPOINT_ON:
        raise InputError(f"{name}: the config of a model that finds no keypoints. {advice}.")
    if count != len(COCO17):
        raise InputError(f"{name}: the model finds {count} keypoints, not COCO's {len(COCO17)}. {advice}.")
    if classes != 1:
        raise InputError(f"{name}: the model finds {classes} classes of things, not people alone. {advice}.")
    for dataset in config.DATASETS.TEST[:1]:
        names = _import("detectron2.data").MetadataCatalog.get(dataset).get("keypoint_names", None)
        # datasets of one's own are not registered here and have no names
        if names and tuple(names) != tuple(COCO17.joint_names):
            raise InputError(f"{name}: the keypoints of {dataset} are not COCO's. {advice}.")


def _address(name: str, config: Any) -> str:
    """Where the weights that belong to a config are."""
    if not Path(name).expanduser().is_file():
        try:
            return str(_import("detectron2.model_zoo").get_checkpoint_url(name))
        except RuntimeError:  # not every config of the zoo has published weights
            pass
    if not config.MODEL.WEIGHTS:
        raise UsageError(f"--d2-config {name} names no weights. Add --d2-weights FILE.")
    return str(config.MODEL.WEIGHTS)


def _sides(config: Any, short_side: int | None) -> tuple[int, float]:
    """Pixels of the shorter side, and the most that the longer one may get: in the config's proportion."""
    shortest, longest = int(config.INPUT.MIN_SIZE_TEST), float(config.INPUT.MAX_SIZE_TEST)
    if short_side is None:
        return shortest, longest
    return short_side, longest * short_side / shortest if shortest else float("inf")


def _weights_file(address: str, progress: Progress | None) -> Path:
    """The file at a path or address; published ones are taken from where `--detector keypoint-rcnn-...` has them."""
    own = Path(address).expanduser()
    if own.exists():
        return own
    url = address.replace("detectron2://", HOME, 1)
    for asset in load_manifest().values():
        if any(source.value == url for source in asset.sources):
            return asset_path(asset, progress=progress)
    if "://" not in address:
        raise InputError(f"{address}: cannot be read (no such file). Give the path of a checkpoint for --d2-weights.")
    try:
        return Path(_import("detectron2.utils.file_io").PathManager.get_local_path(address))
    except Exception as error:  # of any class: it fetches by several protocols
        raise AssetError(
            f"{address}: cannot be fetched ({_short(error)}). Give a local file as --d2-weights."
        ) from error


def _load(model: torch.nn.Module, file: Path) -> None:
    """Give the model its weights; the library's own reader would run whatever a pickle says."""
    found = read_checkpoint(file)
    state = model.state_dict()
    problems = misfits({k: tuple(v.shape) for k, v in found.items()}, {k: tuple(v.shape) for k, v in state.items()})
    if problems:
        raise InputError(
            f"{file}: does not fit the config: {first_of(problems)}. Give the weights that were trained with it."
        )
    values = {key: value for key, value in found.items() if key in state}
    for key, value in values.items():
        check_numbers(file, key, value)
    model.load_state_dict(values, strict=False)


def _array(value: torch.Tensor) -> np.ndarray:
    return value.detach().to("cpu", torch.float32).numpy().copy()


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:160].rstrip(".") or type(error).__name__
