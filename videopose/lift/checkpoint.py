"""Weights of lifters on disk: our safetensors files, and the published VideoPose3D checkpoints, without running code.

Everything about the architecture is read from the shapes of the tensors; what shapes cannot say (joint layouts,
normalisation, frame rate, causality) stands in the header of our files, and follows from the name of published ones.
"""

import hashlib
import json
import pickle
import struct
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from videopose.errors import InputError, UsageError
from videopose.files import atomic_path
from videopose.lift.architecture import Architecture, read_architecture
from videopose.lift.model import TemporalModel
from videopose.lift.normalisation import NORMALISATIONS
from videopose.skeletons import COCO17, H36M17, HUMANEVA15, SKELETONS

PUBLISHED_FRAME_RATE = 50.0
"""Human3.6M's; the published in-the-wild weights were trained on it."""

FRAME_RATES = (1.0, 1000.0)
"""Least and most: keypoints are laid on a grid of that many a second, or of a multiple, which must fit into memory."""


@dataclass(frozen=True, slots=True)
class LifterInfo:
    """What a lifter's tensors do not say about it."""

    name: str
    """Name in the manifest, or the file's stem."""
    layout_in: str = "coco17"
    """Joint layout of its input."""
    layout_out: str = "h36m17"
    """Joint layout of its result."""
    normalisation: str = "screen"
    """How keypoints are prepared, one of `normalisation.NORMALISATIONS`."""
    frame_rate: float = PUBLISHED_FRAME_RATE
    """Frames per second it was trained at."""
    causal: bool = False
    """True: a result depends on past frames alone."""
    dense: bool = False
    """True: full kernels instead of dilated ones."""

    def __post_init__(self) -> None:
        if self.normalisation not in NORMALISATIONS:
            raise ValueError(f"normalisation {self.normalisation!r} is not one of {', '.join(NORMALISATIONS)}")
        least, most = FRAME_RATES
        if not least <= self.frame_rate <= most:
            raise ValueError(f"frame_rate must be from {least:g} to {most:g}, got {self.frame_rate}")


@dataclass(frozen=True, slots=True)
class LifterWeights:
    """A lifter as loaded: the network in evaluation mode, and how to feed it."""

    model: TemporalModel
    """float32, on the CPU."""
    info: LifterInfo
    """Layouts, normalisation, frame rate."""
    sha256: str = ""
    """Of the file, 64 hex digits; empty when the network does not come from a file."""
    trajectory: TemporalModel | None = None
    """The network for the root joint's path, which semi-supervised checkpoints hold as well."""


def load_lifter_weights(
    path: Path, published: LifterInfo | None = None, *, causal: bool = False, dense: bool = False
) -> LifterWeights:
    """Load a lifter: a `.safetensors` file of ours, or a published `.bin` checkpoint. Never runs code from the file.

    Args:
        path: the file; its content decides what it is.
        published: what holds for a published checkpoint, which does not say it. By default the name is the file's stem,
            the joints follow from it and from their number (15 in the result: `humaneva15`; 17 keypoints: `coco17` if
            the name contains `coco` or the result is HumanEva's, else `h36m17`), centred, at 50 frames per second.
            Files of ours describe themselves.
        causal: a published checkpoint is causal.
        dense: a published checkpoint has full kernels (which mostly shows in their shapes).

    Raises:
        InputError: the file is missing, damaged, not a lifter, or of an unknown architecture.
        UsageError: a file that describes itself is not causal or dense, as was said.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(9)
            stream.seek(0)
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({(error.strerror or str(error)).lower()}). Give a file with weights."
        ) from error
    # A safetensors file opens with the header's length, whose bytes may be anything, then the header's brace.
    if head[8:] != b"{" and (head[:2] == b"PK" or head[:1] == b"\x80"):
        states = _load_published(path)
        info = published or _guess(path, states["model_pos"])
        info = replace(info, causal=info.causal or causal, dense=info.dense or dense)
    else:
        states, info = _load_safetensors(path)
        for option, said, is_so in (("causal", causal, info.causal), ("dense", dense, info.dense)):
            if said and not is_so:
                raise UsageError(f"{path}: describes itself, and is not {option}. Leave --{option} out.")
    model, architecture = _build(path, states["model_pos"], info)
    info = replace(info, dense=architecture.dense)
    _check_layouts(path, info, architecture)
    trajectory = _build(path, states["model_traj"], info)[0] if "model_traj" in states else None
    return LifterWeights(model, info, sha256, trajectory)


def save_lifter_weights(
    path: Path,
    model: TemporalModel,
    info: LifterInfo,
    dtype: torch.dtype = torch.float16,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Write a lifter as safetensors, under its final name only once it is whole; same content, same bytes.

    Args:
        path: the file; replaced if it exists.
        model: the network; BatchNorm counters are left out.
        info: goes into the header; `causal` and `dense` are taken from the network.
        dtype: torch.float16 or torch.float32.
        notes: more lines for the header, for example the validation error; nothing reads them.

    Raises:
        OutputError: the file cannot be written.
        ValueError: another dtype, or a weight that is not finite in it.
    """
    kinds = {torch.float16: "F16", torch.float32: "F32"}
    if dtype not in kinds:
        raise ValueError(f"dtype must be torch.float16 or torch.float32, got {dtype}")
    info = replace(info, causal=model.causal, dense=model.dense)
    # The safetensors library writes metadata in random order; the format is simple enough to write in a fixed one.
    header: dict[str, Any] = {"__metadata__": {**(notes or {}), **_to_metadata(info)}}
    blobs, offset = [], 0
    for key, tensor in sorted(model.state_dict().items()):
        if key.endswith("num_batches_tracked"):
            continue
        value = tensor.detach().to("cpu", dtype).contiguous()
        if not bool(torch.isfinite(value).all()):
            raise ValueError(f"{key} holds values that are not finite in {dtype}")
        blob = value.numpy().tobytes()
        header[key] = {"dtype": kinds[dtype], "shape": list(value.shape), "data_offsets": [offset, offset + len(blob)]}
        offset += len(blob)
        blobs.append(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        stream.writelines(blobs)


def _load_safetensors(path: Path) -> tuple[dict[str, Mapping[str, Tensor]], LifterInfo]:
    try:
        with safetensors.safe_open(path, framework="pt") as content:
            metadata = content.metadata() or {}
            tensors = {key: content.get_tensor(key) for key in content.keys()}  # noqa: SIM118 - not a mapping
    except (safetensors.SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{path}: no file of weights, or a damaged one. Give a .safetensors or .bin file.") from error
    try:
        return {"model_pos": tensors}, _from_metadata(metadata)
    except KeyError as error:
        raise InputError(
            f"{path}: its header does not say {error.args[0]}, so it is no lifter of videopose. "
            "Give a file written by videopose or a published .bin checkpoint."
        ) from error
    except ValueError as error:
        raise InputError(f"{path}: its header is wrong ({error}). Give another file of weights.") from error


def _to_metadata(info: LifterInfo) -> dict[str, str]:
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in asdict(info).items()}


def _from_metadata(metadata: Mapping[str, str]) -> LifterInfo:
    """The header's lines; `dense` may be left out.

    Raises:
        KeyError: a line is missing.
        ValueError: a value makes no sense.
    """
    truth = {"true": True, "false": False}
    flags = {"causal": metadata["causal"], "dense": metadata.get("dense", "false")}
    for key, value in flags.items():
        if value not in truth:
            raise ValueError(f"{key} must be true or false, got {value!r}")
    for key in ("name", "layout_in", "layout_out"):
        # they are shown, and neither a second line nor a terminal's commands may come of that
        if not metadata[key].isprintable():
            raise ValueError(f"{key} must be printable, got {metadata[key][:30]!r}")
    return LifterInfo(
        name=metadata["name"],
        layout_in=metadata["layout_in"],
        layout_out=metadata["layout_out"],
        normalisation=metadata["normalisation"],
        frame_rate=float(metadata["frame_rate"]),
        causal=truth[flags["causal"]],
        dense=truth[flags["dense"]],
    )


class _Inert:
    """Stands in for NumPy's random state in old checkpoints: takes anything, does nothing."""

    def __new__(cls, *_: object) -> "_Inert":
        return super().__new__(cls)

    def __setstate__(self, _: object) -> None:
        pass


def _inert(module: str, name: str) -> type[_Inert]:
    """An inert class that answers to the given global name."""
    return type(name, (_Inert,), {"__module__": module})


_INERT = [
    _inert(module, name)
    for module, name in (
        ("numpy.random", "__RandomState_ctor"),
        ("numpy.random._pickle", "__randomstate_ctor"),
        ("numpy.random._pickle", "__bit_generator_ctor"),
        ("numpy.random._mt19937", "MT19937"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("_codecs", "encode"),
    )
]
"""All that published checkpoints name beside tensors. None of NumPy's own functions is ever called."""


def _guess(path: Path, state: Mapping[str, Tensor]) -> LifterInfo:
    """What published files are by their names and numbers of joints."""
    inputs, outputs = (tuple(state[key].shape) if key in state else () for key in _ENDS)
    is_humaneva = outputs[:1] == (3 * len(HUMANEVA15),)
    if is_humaneva and inputs[1:2] == (2 * len(HUMANEVA15),):
        return LifterInfo(path.stem, HUMANEVA15.name, HUMANEVA15.name)
    # No layout of Human3.6M's goes with HumanEva's joints: what has 17 keypoints there are detections.
    layout_in = COCO17.name if is_humaneva or "coco" in path.stem.lower() else H36M17.name
    return LifterInfo(path.stem, layout_in, HUMANEVA15.name if is_humaneva else H36M17.name)


_ENDS = ("expand_conv.weight", "shrink.weight")
"""The tensors whose shapes tell the numbers of keypoints and joints."""


def _load_published(path: Path) -> dict[str, Mapping[str, Tensor]]:
    try:
        with torch.serialization.safe_globals(list(_INERT)), warnings.catch_warnings():
            # about pickle protocols: what cannot be read is refused below
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{path}: damaged, or it holds Python objects other than tensors, which are never run. "
            "Give a published checkpoint or a .safetensors file."
        ) from error
    except Exception as error:
        # torch's reader meets a broken file with whatever error its parts happen to raise
        raise InputError(f"{path}: a damaged checkpoint ({type(error).__name__}). Fetch or write it anew.") from error
    states: dict[str, Mapping[str, Tensor]] = {}
    for key in ("model_pos", "model_traj"):
        state = content.get(key) if isinstance(content, dict) else None
        if isinstance(state, Mapping):
            states[key] = {str(k): v for k, v in state.items() if isinstance(v, Tensor)}
    if "model_pos" not in states:
        raise InputError(f"{path}: a checkpoint without `model_pos`. Give a published lifter or a .safetensors file.")
    return states


def _build(path: Path, state: Mapping[str, Tensor], info: LifterInfo) -> tuple[TemporalModel, Architecture]:
    """The network with the weights of `state`."""

    def refuse(problem: str) -> NoReturn:
        raise InputError(f"{path}: {problem}. Give the weights of a temporal convolution lifter.")

    for key, tensor in state.items():
        # a view with stride 0 could claim any size at no cost in the file
        if not tensor.is_contiguous() or tensor.is_sparse or tensor.is_quantized:
            refuse(f"tensor {key} is stored in an unusual way")
        if tensor.is_complex():
            refuse(f"tensor {key} holds complex numbers")
    try:
        architecture = read_architecture({key: tuple(tensor.shape) for key, tensor in state.items()}, info.dense)
    except ValueError as error:
        refuse(str(error))
    with torch.device("meta"):
        model = TemporalModel(**architecture.arguments(), causal=info.causal)
    expected = model.state_dict()
    values = {}
    for key, value in state.items():
        if key.endswith("num_batches_tracked"):
            continue
        values[key] = value.to(torch.float32)
        if not bool(torch.isfinite(values[key]).all()):
            refuse(f"tensor {key} holds numbers that are not finite")
        if key.endswith("running_var") and bool((value < 0).any()):
            refuse(f"tensor {key} holds negative variances")
    for key in expected:
        if key.endswith("num_batches_tracked"):
            values[key] = torch.zeros((), dtype=torch.int64)
        elif key not in values or values[key].shape != expected[key].shape:
            found = tuple(values[key].shape) if key in values else "nothing"
            refuse(f"tensor {key} must be {tuple(expected[key].shape)}, got {found}")
    if unknown := sorted(set(values) - set(expected)):
        refuse(f"tensor {unknown[0]} does not belong to this architecture")
    model.load_state_dict(values, assign=True)
    return model.eval(), architecture


def _check_layouts(path: Path, info: LifterInfo, architecture: Architecture) -> None:
    """The layouts' joint counts are those of the tensors (layouts this package does not know are left alone)."""
    for key, layout, joints in (
        ("layout_in", info.layout_in, architecture.in_features / 2),
        ("layout_out", info.layout_out, architecture.out_joints),
    ):
        if layout in SKELETONS and joints != len(SKELETONS[layout]):
            raise InputError(
                f"{path}: {key} {layout} has {len(SKELETONS[layout])} joints, but the network {joints:g}. "
                "Give weights for that layout."
            )
