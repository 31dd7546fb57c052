"""What `infer` prints at the end: what was found, where it lies, how long each stage took."""

import click
import numpy as np

from videopose.pipeline import InferResult


def print_summary(result: InferResult) -> None:
    """Print the summary to stdout."""
    recording = result.recording
    video = recording.video
    frames = len(recording.frame_index)
    turned = f", turned by {video.rotation_degrees} degrees" if video.rotation_degrees else ""
    click.echo(
        f"\n{video.path}: {frames} frames, {video.width}x{video.height}, {float(video.fps):.6g} frames/s{turned}"
    )
    for note in result.notes:
        click.echo(f"  note: {note}")
    for track, motion in zip(recording.tracks, recording.motions, strict=True):
        first, last = motion.time_s[0], motion.time_s[-1]
        seen = 100 * track.supported.mean()
        line = f"  person {track.person_id}: {first:.2f} to {last:.2f} s, seen in {seen:.0f} % of {len(track)} frames"
        depth = motion.root[:, 2]
        if np.isfinite(depth).any():
            line += f", {np.nanmedian(depth):.1f} m away, reprojection error {motion.reprojection_error_px:.1f} px"
        click.echo(line)
    click.echo("files:")
    for path in result.files:
        click.echo(f"  {path}")
    total = sum(result.seconds.values())
    parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in result.seconds.items() if seconds >= 0.05)
    click.echo(f"time: {total:.1f} s, {frames / max(total, 1e-9):.1f} frames/s ({parts})")
