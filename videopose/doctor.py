"""What is installed and what this machine can do; made for bug reports, so nothing missing may make it fail."""

import importlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from videopose import __version__
from videopose.assets import cache_dir, iopath_cache_dir, load_manifest, verify

PACKAGES = {
    "torch": ("torch", "torch"),
    "numpy": ("numpy", "numpy"),
    "scipy": ("scipy", "scipy"),
    "opencv": ("cv2", "opencv-python-headless"),
    "litert": ("ai_edge_litert.interpreter", "ai-edge-litert"),
    "ffmpeg-python": ("ffmpeg", "ffmpeg-python"),
    "imageio-ffmpeg": ("imageio_ffmpeg", "imageio-ffmpeg"),
}
"""Name in the report -> (module, distribution)."""


def collect() -> dict[str, Any]:
    """Everything known about this installation.

    Returns:
        Sections of plain values that JSON can hold. A probe that failed leaves its reason as text in its place.
    """
    return {
        "videopose": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "packages": {name: _package(module, distribution) for name, (module, distribution) in PACKAGES.items()},
        "system": {
            "os": _try(platform.platform),
            "cpu": _try(_cpu_name),
            "cores": _try(_cores),
            "memory_gb": _try(_memory_gb),
        },
        "torch": _try(_torch),
        "ffmpeg": _ffmpeg(),
        "detectron2": _try(_detectron2),
        "cache": _try(_cache),
        "assets": _try(_assets),
    }


def report_lines(report: Mapping[str, Any], indent: str = "") -> list[str]:
    """The report as indented `name: value` lines."""
    lines = []
    for name, value in report.items():
        if isinstance(value, Mapping):
            lines += [f"{indent}{name}:", *report_lines(value, indent + "  ")]
        else:
            text = ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)
            lines.append(f"{indent}{name}: {text}")
    return lines


def _try(probe: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return probe(*arguments)
    except Exception as error:  # a broken installation is what this is for
        return f"not available ({type(error).__name__}: {' '.join(str(error).split())[:200]})"


def _package(module: str, distribution: str) -> str:
    """The version; installed or not, being importable is what counts (OpenCV may lack libGL, torch a CUDA library)."""
    version = _version(distribution)
    try:
        loaded = importlib.import_module(module)
    except Exception as error:
        return f"{version}, cannot be imported ({type(error).__name__}: {' '.join(str(error).split())[:200]})"
    # other distributions bring the same module, for OpenCV opencv-python and opencv-contrib-python
    return version if version != "not installed" else str(getattr(loaded, "__version__", "version not known"))


def _detectron2() -> dict[str, str] | str:
    """Detectron2 and what it needs beside torch; its compiled part is what mostly fails."""
    if not find_spec("detectron2"):
        return "not installed (--detector keypoint-rcnn-r50, -r101 and -x101 do without it)"
    modules = {"library": "detectron2", "compiled_part": "detectron2._C", "models": "detectron2.modeling"}
    return {
        **{part: _package(module, "detectron2") for part, module in modules.items()},
        "torchvision": _package("torchvision", "torchvision"),
        "setuptools": _version("setuptools"),
        "cache": _try(lambda: str(iopath_cache_dir())),
    }


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def _cpu_name() -> str:
    # platform.processor() says only x86_64, or nothing, on Linux
    listing = Path("/proc/cpuinfo")
    if listing.is_file() and (match := re.search(r"^model name\s*:\s*(.+)$", listing.read_text(), re.MULTILINE)):
        return match[1].strip()
    return platform.processor() or platform.machine()


def _cores() -> str:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{usable} of {os.cpu_count()} usable"


def _memory_gb() -> float:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)


def _torch() -> dict[str, Any]:
    import torch

    devices = ["cpu"]
    devices += [f"cuda:{i} {torch.cuda.get_device_name(i)}" for i in range(torch.cuda.device_count())]
    devices += ["mps"] if torch.backends.mps.is_available() else []
    return {
        "threads": torch.get_num_threads(),
        "devices": devices,
        "cuda": torch.version.cuda or "not built in",
        "bf16_cpu": _try(_cpu_bf16),
        "bf16_cuda": torch.cuda.is_available() and torch.cuda.is_bf16_supported(),
    }


def _cpu_bf16() -> str:
    import torch

    has = torch.cpu.get_capabilities()
    units = [name for name in ("amx_bf16", "avx512_bf16", "bf16") if has.get(name)]
    return ", ".join(units) or "no"


def _ffmpeg() -> dict[str, str]:
    path = _try(_ffmpeg_path)
    return {"path": path, "version": _try(_ffmpeg_version, path), "on_the_path": shutil.which("ffmpeg") or "none"}


def _ffmpeg_path() -> str:
    from videopose.video import ffmpeg_path

    return ffmpeg_path()


def _ffmpeg_version(path: str) -> str:
    done = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=20, check=True)
    match = re.match(r"ffmpeg version (\S+)", done.stdout)
    return match[1] if match else done.stdout[:60]


def _cache() -> dict[str, Any]:
    folder = cache_dir()
    existing = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    return {
        "folder": str(folder),
        "set_by": "VIDEOPOSE_CACHE" if os.environ.get("VIDEOPOSE_CACHE") else "the platform's convention",
        "writable": os.access(existing, os.W_OK),
        "free_gb": round(shutil.disk_usage(existing).free / 1e9, 1),
    }


def _assets() -> dict[str, str]:
    states = {}
    for name in load_manifest():
        states[name] = _try(_asset_state, name)
    return states


def _asset_state(name: str) -> str:
    (found,) = verify([name])
    return found.state if found.path is None else f"{found.state}, {found.path}"
