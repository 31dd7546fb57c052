"""Film a trial of the CMU motion capture database: a person in a room, drawn from the recorded movement.

    python docs/mocap_video.py cmu_asfamc_subset.zip 09_12 -o walk.mp4 --start 5 --seconds 3 --camera 4.5,1.4,0

The archive holds `.asf` and `.amc` files as the database hands them out (mocap.cs.cmu.edu). Nothing else is needed:
shape, clothes, room and light are drawn by NumPy. Beside the video lies `walk.truth.npz` with `joints_3d` (T, 17, 3),
the true joints in metres and camera axes, and `focal_px`. About three frames a second on one core.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from rendering.shot import Film
from rendering.video import View, render

from videopose.camera import focal_from_fov
from videopose.errors import VideoposeError


def _place(text: str) -> tuple[float, float, float]:
    x, y, z = (float(part) for part in text.split(","))
    return x, y, z


def main() -> None:
    """Read the command line, film, and write both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="zip with .asf and .amc files")
    parser.add_argument("trial", help="SUBJECT_NUMBER, for example 09_12")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the MP4 to write")
    parser.add_argument("--start", type=float, default=0.0, help="first second of the trial")
    parser.add_argument("--seconds", type=float, default=4.0, help="how much of it")
    parser.add_argument("--fps", type=int, default=30, choices=(1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 24, 30, 40, 60))
    parser.add_argument("--camera", type=_place, default=(0.0, 1.4, 4.5), help="x,height,z in metres from mid-way")
    parser.add_argument("--target", type=_place, default=(0.0, 0.95, 0.0), help="what the picture's middle shows")
    parser.add_argument("--fov", type=float, default=50.0, help="degrees along the longer side")
    parser.add_argument("--width", type=int, default=960)
    parser.add_argument("--height", type=int, default=540)
    parser.add_argument("--shutter", type=float, default=0.0, help="share of a frame's time that it is open: 0 to 1")
    parser.add_argument("--exposure", type=float, default=1.0, help="1 is right, 0.1 very dark")
    arguments = parser.parse_args()
    size = (arguments.width, arguments.height)
    film = Film(exposure=arguments.exposure)
    view = View(arguments.camera, arguments.target, arguments.fov, size, arguments.fps, arguments.shutter, film=film)
    try:
        joints = render(arguments.archive, arguments.trial, arguments.start, arguments.seconds, view, arguments.output)
    except VideoposeError as error:
        sys.exit(f"mocap_video: {error}")
    truth = arguments.output.with_suffix(".truth.npz")
    np.savez_compressed(truth, joints_3d=joints, focal_px=focal_from_fov(arguments.fov, size))
    print(f"{arguments.output}: {len(joints)} frames; the true joints: {truth}")


if __name__ == "__main__":
    main()
