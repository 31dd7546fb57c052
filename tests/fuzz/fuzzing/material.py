"""Whole files, made once from the shared clips and recordings, that the cases damage."""

import io
import subprocess
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fuzzing.archives import npz
from videopose.assets import asset_path
from videopose.cli.main import run
from videopose.data.archive import read_objects
from videopose.keypoint_files import READ_FORMATS
from videopose.lift import load_lifter_weights, save_lifter_weights
from videopose.video.ffmpeg import ffmpeg_path

WIDTH, HEIGHT, FRAMES = 180, 320, 8
_H264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-x264-params", "threads=1")
_SOUND = ("-c:a", "aac", "-b:a", "32k")

_FORMS: dict[str, dict[str, tuple[str, ...]]] = {
    "mp4": {
        "last.mp4": (*_H264, "-g", "4"),
        "first.mp4": (*_H264, "-movflags", "+faststart"),
        "sound.mp4": (*_H264, "-bf", "2", *_SOUND, "-movflags", "+faststart"),
        "fragments.mp4": (*_H264, "-g", "3", "-movflags", "frag_keyframe+empty_moov"),
        "simple.mp4": ("-c:v", "mpeg4"),
    },
    "matroska": {
        "a.mkv": (*_H264, *_SOUND),
        "vp9.webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-threads", "1"),
        "vp8.webm": ("-c:v", "libvpx", "-deadline", "realtime", "-threads", "1"),
        "exact.mkv": ("-c:v", "ffv1", "-pix_fmt", "yuv420p"),
    },
    "avi-mov": {
        "a.avi": ("-c:v", "mpeg4", "-c:a", "pcm_s16le", "-ar", "8000"),
        "mjpeg.avi": ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p"),
        "mjpeg.mov": ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p"),
        "a.mov": (*_H264, *_SOUND),
    },
    "streams": {
        "a.ts": (*_H264, *_SOUND),
        "a.mpg": ("-c:v", "mpeg1video", "-r", "25"),
        "a.flv": ("-c:v", "flv1"),
        "a.h264": _H264,
        "a.wmv": ("-c:v", "wmv2"),
    },
    "pictures": {
        "a.gif": ("-c:v", "gif"),
        "a.apng": ("-c:v", "apng", "-f", "apng"),
        "a.y4m": ("-pix_fmt", "yuv420p"),
        "a.mjpeg": ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p"),
    },
}
"""Options of ffmpeg by name of a clip, of each kind."""

_OBJECTS = {"detectron": ("boxes", "keypoints", "metadata"), "videopose3d": ("positions_2d", "metadata")}
_RECIPE = """
name = "tiny"
keypoints = "gt"
train_subjects = ["S1"]
test_subjects = ["S9"]
filter_widths = [3]
channels = 8
batch_size = 50
epochs = 1
precision = "float32"
"""


@dataclass
class Material:
    """Files to damage, and such as are left alone beside them."""

    folder: Path
    """For what is made."""
    shared: Path
    """The shared folder."""
    _clips: dict[str, dict[str, list[bytes]]] = field(default_factory=dict)

    def make_all(self) -> None:
        """Make all but the clips now: several threads are going to use it."""
        for name, value in vars(type(self)).items():
            if isinstance(value, cached_property):
                getattr(self, name)

    def clips(self, kind: str) -> dict[str, list[bytes]]:
        """Two clips, of different scenes, in each form of a kind."""
        if kind not in self._clips:
            self._clips[kind] = {
                name: [self._clip(scene, name, options) for scene in ("squats_portrait_5fps", "roof_jump_two_people")]
                for name, options in _FORMS[kind].items()
            }
        return self._clips[kind]

    def _clip(self, scene: str, name: str, options: tuple[str, ...]) -> bytes:
        path = self.folder / f"{scene}.{name}"
        frames = ("-vf", f"fps=5,scale={WIDTH}:{HEIGHT}", "-frames:v", str(FRAMES), "-t", str(FRAMES / 5))
        sound = ("-f", "lavfi", "-i", "sine=frequency=440") if "-c:a" in options else ()
        source = self.shared / "videos" / f"{scene}.mp4"
        inputs = [ffmpeg_path(), "-loglevel", "error", "-y", "-i", str(source), *sound]
        subprocess.run([*inputs, "-map_metadata", "-1", *frames, *options, "-bitexact", f"file:{path}"], check=True)
        return path.read_bytes()

    @cached_property
    def video(self) -> Path:
        """The first scene, whole."""
        path = self.folder / "video.mp4"
        path.write_bytes(self.clips("mp4")["first.mp4"][0])
        return path

    @cached_property
    def found(self) -> dict[str, dict[str, bytes]]:
        """The people of `video`: by format, the files and their content."""
        endings = {"npz": ".npz", "detectron": ".npz", "videopose3d": ".npz", "openpose": ""}
        files = {}
        for form in READ_FORMATS:
            path = self.folder / "found" / f"{form}{endings.get(form, '.json')}"
            assert run(["detect", str(self.video), "-o", str(path), "--format", form, "--detector", "blazepose"]) == 0
            paths = sorted(path.iterdir()) if path.is_dir() else [path]
            files[form] = {str(one.relative_to(path.parent)): one.read_bytes() for one in paths}
        return files

    @cached_property
    def result(self) -> bytes:
        """The NPZ file of `video`, lifted."""
        path = self.folder / "result.npz"
        source = self.folder / "people.npz"
        source.write_bytes(self.found["npz"]["npz.npz"])
        assert run(["lift", str(source), "-o", str(path), "--lifter", str(self.lifter)]) == 0
        return path.read_bytes()

    @cached_property
    def points(self) -> Path:
        """Keypoints for any damaged clip: more frames than any of them should have."""
        with np.load(io.BytesIO(self.found["npz"]["npz.npz"])) as content:
            keypoints = np.tile(content["keypoints_2d"], (1, 16, 1, 1))
        path = self.folder / "points.npz"
        np.savez(path, keypoints_2d=keypoints, image_size=(WIDTH, HEIGHT), fps=5.0)
        return path

    @cached_property
    def golden(self) -> Path:
        """Archives and checkpoints of the published form."""
        return self.shared / "golden" / "human36m_form"

    @cached_property
    def lifter(self) -> Path:
        """A small one for COCO's keypoints, in a file of ours."""
        weights = load_lifter_weights(self.golden / "pretrained_27f_64c.bin")
        path = self.folder / "small.safetensors"
        save_lifter_weights(path, weights.model, replace(weights.info, name="small", layout_in="coco17"))
        return path

    @cached_property
    def shipped(self) -> Path:
        """A large one."""
        return asset_path("wild-27")

    @cached_property
    def checkpoint(self) -> dict[str, Any]:
        """A published checkpoint with two networks, without its training's state."""
        content = torch.load(self.golden / "semi_27f_32c.bin", weights_only=False)
        return {key: content[key] for key in ("epoch", "lr", "model_pos", "model_traj")}

    @cached_property
    def checkpoint_bytes(self) -> bytes:
        """The same as a file."""
        stream = io.BytesIO()
        torch.save(self.checkpoint, stream)
        return stream.getvalue()

    @cached_property
    def poses(self) -> dict[str, dict[str, Any]]:
        """Content of the archives of Human3.6M's form by file name: two subjects, few frames."""
        known = read_objects(self.golden / "data_3d_h36m.npz", ("positions_3d",))["positions_3d"]
        seen = read_objects(self.golden / "data_2d_h36m_gt.npz", ("positions_2d", "metadata"))
        positions: dict[str, dict[str, Any]] = {"3d": {"S1": {}, "S9": {}}, "2d": {"S1": {}, "S9": {}}}
        for subject, action in (("S1", "Eating"), ("S9", "Eating"), ("S9", "Walking")):
            positions["3d"][subject][action] = known[subject][action][:20]
            positions["2d"][subject][action] = [view[:20] for view in seen["positions_2d"][subject][action]]
        return {
            "data_3d_h36m.npz": {"positions_3d": positions["3d"]},
            "data_2d_h36m_gt.npz": {"positions_2d": positions["2d"], "metadata": seen["metadata"]},
        }

    @cached_property
    def archives(self) -> dict[str, bytes]:
        """The same as files."""
        return {name: npz(content) for name, content in self.poses.items()}

    @cached_property
    def poses_folder(self) -> Path:
        """The folder with these files."""
        folder = self.folder / "poses"
        folder.mkdir()
        for name, data in self.archives.items():
            (folder / name).write_bytes(data)
        return folder

    @cached_property
    def train_line(self) -> list[Any]:
        """Training of an epoch, but for its data and folder."""
        path = self.folder / "tiny.toml"
        path.write_text(_RECIPE)
        return ["train", path, "--threads", "1"]

    @cached_property
    def run_bytes(self) -> bytes:
        """The checkpoint of such a training."""
        folder = self.folder / "run"
        assert run([*map(str, self.train_line), "--data", str(self.poses_folder), "-o", str(folder)]) == 0
        return (folder / "last.pt").read_bytes()

    @cached_property
    def run_content(self) -> dict[str, Any]:
        """What is in it."""
        content: dict[str, Any] = torch.load(io.BytesIO(self.run_bytes), weights_only=False)
        return content

    def arrays(self, kind: str) -> dict[str, Any]:
        """Content of an archive of `found`: arrays, or containers and plain values."""
        ((name, data),) = self.found[kind].items()
        path = self.folder / name
        path.write_bytes(data)
        if kind in _OBJECTS:
            return read_objects(path, _OBJECTS[kind])
        with np.load(path) as content:
            return {key: content[key] for key in content.files}
