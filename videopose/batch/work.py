"""Doing one video of a batch: from the source to a folder of results that are all whole."""

import base64
import json
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from videopose.batch.job import FINISHED_NAME, Job, sha256_of_file
from videopose.batch.sources import is_address
from videopose.batch.staging import prepare_folder
from videopose.batch.thumbnail import Thumbnail
from videopose.batch.verdict import Input
from videopose.errors import InputError, UsageError, VideoposeError
from videopose.files import atomic_path
from videopose.pipeline import InferResult, infer
from videopose.progress import Progress
from videopose.provenance import package_versions
from videopose.video import probe
from videopose.video.url import download


def do_job(job: Job, progress: Progress, *, endless_allowed: bool) -> dict[str, Any]:
    """Do the whole way for one video into its staging folder, and leave the facts there as well.

    Args:
        job: what to do.
        progress: told what is being done.
        endless_allowed: somebody will stop a stream that never ends.

    Returns:
        JSON-able: `files` (name: bytes), `input`, `people`, `frames`, `seconds` by stage, `total_s`, `notes`,
        `versions`, `thumbnail` (base64 of a JPEG, or None), ...

    Raises:
        VideoposeError: as `infer`; or the video changed while it was read.
    """
    begin = time.monotonic()
    prepare_folder(job.folder)
    before = Input.of(job.source)
    sha256 = None if before is None else sha256_of_file(job.source)
    if is_address(job.source):
        result, picture = _from_network(job, progress, endless_allowed)
    else:
        result, picture = _from(job.source, job, progress)
    if Input.of(job.source) != before:
        raise InputError(f"{job.source}: changed while it was read. Run the same command again when it is whole.")
    facts = _facts(result) | {
        "input": {"sha256": sha256} | ({} if before is None else {"bytes": before.size}),
        "total_s": round(time.monotonic() - begin, 3),
        "thumbnail": None if picture is None else base64.b64encode(picture).decode("ascii"),
    }
    with atomic_path(job.staging / FINISHED_NAME) as temporary:
        temporary.write_text(json.dumps(facts), encoding="utf-8")
    return facts


def _from(source: str, job: Job, progress: Progress) -> tuple[InferResult, bytes | None]:
    """The results of a file or stream, and a picture for the report."""
    origin = None if source == job.source else job.source
    picture = Thumbnail()
    try:
        result = infer(source, job.staging, job.settings, progress, stem=job.stem, origin=origin, on_drawn=picture)
    except VideoposeError as error:
        if origin is None:
            raise
        raise type(error)(str(error).replace(source, origin)) from error
    if picture.jpeg is None:
        with suppress(VideoposeError):  # a picture in the report is not worth a result
            picture.draw(result, source, job.settings.overlay)
    return result, picture.jpeg


def _from_network(job: Job, progress: Progress, endless_allowed: bool) -> tuple[InferResult, bytes | None]:
    """Fetched first where that can be: results need a video twice, and addresses behind pages do not live long."""
    if probe(job.source).duration_s is None:
        if job.settings.end_s is None and not endless_allowed:
            raise UsageError(f"{job.source}: a live stream may never end. Say when to stop with --end or --time-limit.")
        return _from(job.source, job, progress)
    folder = job.staging / "download"
    try:
        progress.begin("fetch the video", None, "bytes")
        local = download(job.source, folder, progress.advance)
        progress.end()
        return _from(job.source if local is None else str(local), job, progress)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _facts(result: InferResult) -> dict[str, Any]:
    recording = result.recording
    video = recording.video
    return {
        "files": {path.name: path.stat().st_size for path in result.files},
        "people": len(recording.tracks),
        "frames": len(recording.frame_index),
        "width": video.width,
        "height": video.height,
        "fps": round(float(video.fps), 4),
        "notes": list(result.notes),
        "seconds": {name: round(seconds, 3) for name, seconds in result.seconds.items()},
        "detector": _named(recording.provenance.get("detector")),
        "lifter": _named(recording.provenance.get("lifter")),
        "versions": {"videopose": recording.provenance["videopose"], **package_versions()},
    }


def _named(provenance: object) -> str:
    return str(provenance.get("name", "")) if isinstance(provenance, Mapping) else ""
