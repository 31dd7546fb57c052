"""Make the gallery: film each case, run `videopose infer` on it, measure against the truth, keep a picture.

    python docs/gallery.py run cmu_asfamc_subset.zip     all pictures, docs/gallery.json, then as `write`
    python docs/gallery.py run cmu_asfamc_subset.zip --only dark,small
    python docs/gallery.py write                         gallery.md and the README's opening, from docs/gallery.json
    python docs/gallery.py check                         fails when they are not what it gives

Videos stay in the folder --work for the next run with the same settings. Some minutes of one core in all.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from rendering.video import render
from showcase.cases import CASES, OPENING, Case
from showcase.measuring import errors, read_found
from showcase.page import opening, page
from showcase.picture import save_animation, save_picture

DOCS = Path(__file__).resolve().parent
FIGURES = DOCS / "gallery.json"
PAGE = DOCS / "gallery.md"
README = DOCS.parent / "README.md"
PICTURES = DOCS / "pictures"


def filmed(case: Case, archive: Path, work: Path) -> tuple[Path, np.ndarray]:
    """The case's video and its true joints (T, 17, 3); one that lies there already is used again."""
    key = hashlib.sha256(repr((case.trial, case.start_s, case.seconds, case.view)).encode()).hexdigest()[:8]
    video = work / f"{case.render_of or case.name}.{key}.mp4"
    truth = video.with_suffix(".npy")
    if not truth.exists():
        begin = time.monotonic()
        joints = render(archive, case.trial, case.start_s, case.seconds, case.view, video)
        np.save(truth, joints)
        print(f"{video.name}: {len(joints)} frames in {time.monotonic() - begin:.0f} s", flush=True)
    return video, np.load(truth)


def inferred(case: Case, video: Path, work: Path) -> Path:
    """Run the command as anybody would; the folder of its results."""
    out = work / case.name
    program = [sys.executable, "-m", "videopose.cli.main"]
    command = [*program, "infer", str(video), "-o", str(out), "--formats", "npz,mp4", "--threads", "1", "--overwrite"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    done = subprocess.run([*command, *case.options], capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"{case.name}: {done.stderr}")
    return out


def run(archive: Path, work: Path, only: set[str]) -> None:
    """Film, infer and measure all cases, or those that are named; write pictures and figures."""
    known: dict[str, Any] = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}
    work.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        if only and case.name not in only:
            continue
        video, truth = filmed(case, archive, work)
        out = inferred(case, video, work)
        found = read_found(out / f"{video.stem}.npz")
        known[case.name] = errors(found, truth)
        frame = round(case.moment_s * case.view.fps)
        overlay = out / f"{video.stem}.overlay.mp4"
        save_picture(PICTURES / f"{case.name}.jpg", overlay, frame, found, truth)
        if case.name == OPENING:
            save_animation(PICTURES / "opening.gif", overlay, 15, 800)
        print(case.name, json.dumps(known[case.name]), flush=True)
        ordered = {one.name: known[one.name] for one in CASES if one.name in known}
        FIGURES.write_text(json.dumps(ordered, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    runner = commands.add_parser("run", help="film, infer, measure, and write everything")
    runner.add_argument("archive", type=Path, help="zip with .asf and .amc files")
    runner.add_argument("--work", type=Path, default=Path("gallery_work"), help="folder for videos and results")
    runner.add_argument("--only", default="", help="names of cases, separated by commas")
    commands.add_parser("write", help="the pages alone")
    commands.add_parser("check", help="fail when a page is out of date")
    arguments = parser.parse_args()
    if arguments.command == "run":
        run(arguments.archive, arguments.work, set(filter(None, arguments.only.split(","))))
    figures = json.loads(FIGURES.read_text("utf-8"))
    texts = {PAGE: page(CASES, figures), README: _with_opening(opening(CASES, figures))}
    for path, text in texts.items():
        if arguments.command != "check":
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text("utf-8") != text:
            sys.exit(f"{path.name} is out of date: run python docs/gallery.py write")


def _with_opening(text: str) -> str:
    """The README with another text between the opening's markers."""
    begin, end = "<!-- opening:begin -->", "<!-- opening:end -->"
    before, rest = README.read_text("utf-8").split(begin)
    return f"{before}{begin}\n{text}{end}{rest.split(end)[1]}"


if __name__ == "__main__":
    main()
