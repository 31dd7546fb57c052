"""`videopose prepare mocap`: motion capture to an archive, or to archives in the form of Human3.6M's."""

from collections.abc import Iterator
from pathlib import Path

import click


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="Archive to write (.npz); with --as human36m the folder for the archives.",
)
@click.option(
    "--as",
    "form",
    type=click.Choice(["archive", "human36m"]),
    default="archive",
    show_default=True,
    help="One archive of its own kind, or four in the public form of Human3.6M: 3D, exact 2D, a detector's 2D of "
    "the same joints and of COCO's.",
)
@click.option(
    "--rate",
    "rates",
    multiple=True,
    metavar="PART=FPS",
    help="Frames/s of files whose path contains PART, where the rate is not 120 (ASF/AMC) or the header's (BVH).",
)
@click.option(
    "--subject",
    "subjects",
    multiple=True,
    metavar="NAME=ID,ID",
    help="With --as human36m: whose recordings go under a name S1 S5 S6 S7 S8 S9 S11; repeat for each name, all "
    "others are left out. Default: a fixed choice of the CMU database, with 09 as S9 and 135 as S11.",
)
@click.option("--overwrite", is_flag=True, help="Replace archives that exist.")
def mocap(
    sources: tuple[Path, ...],
    output: Path,
    form: str,
    rates: tuple[str, ...],
    subjects: tuple[str, ...],
    overwrite: bool,
) -> None:
    """Read motion capture from SOURCES: folders or zip archives.

    Known are ASF/AMC files laid out like the CMU database, and BVH files of the dance figure with 43 joints.

    With --as human36m everything that reads Human3.6M reads it: each recording is moved before Human3.6M's four
    cameras, at 50 frames/s, and cut where it leaves their pictures.
    """
    from videopose.errors import UsageError

    known = {}
    for text in rates:
        part, _, number = text.rpartition("=")
        try:
            known[part] = float(number)
        except ValueError:
            known[part] = 0.0
        if not part or not 1 <= known[part] <= 1000:
            raise UsageError(f"--rate {text!r} is not a part of a path and a rate. Give for example salsa=60.")
    if form == "human36m":
        _as_human36m(sources, output, known, _people(subjects), overwrite)
    elif subjects:
        raise UsageError("--subject names subjects of Human3.6M. Use it with --as human36m, or leave it out.")
    else:
        _as_archive(sources, output, known, overwrite)


def _people(subjects: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """IDs by name."""
    from videopose.errors import UsageError

    people: dict[str, tuple[str, ...]] = {}
    for text in subjects:
        name, _, listed = text.partition("=")
        ids = tuple(each.strip() for each in listed.split(",") if each.strip())
        if not ids:
            raise UsageError(f"--subject {text!r} is not a name and whose recordings. Give for example S1=16,49.")
        people[name] = (*people.get(name, ()), *ids)
    return people


def _as_archive(sources: tuple[Path, ...], output: Path, rates: dict[str, float], overwrite: bool) -> None:
    from videopose.cli.console import ConsoleProgress
    from videopose.data.mocap import read_recordings, write_archive

    _refuse_existing([output], overwrite)
    progress = ConsoleProgress()
    clips = []
    progress.begin("read motion capture", None, "trials")
    try:
        for source in sources:
            for clip in read_recordings(source, rates):
                clips.append(clip)
                progress.advance(len(clips))
    finally:
        progress.end()
    write_archive(output, clips)
    frames = sum(len(clip.positions) for clip in clips)
    subjects = ", ".join(sorted({clip.subject for clip in clips}))
    click.echo(f"{output}: {len(clips)} trials, {frames} frames at {clips[0].fps:g} frames/s, subjects {subjects}")


def _as_human36m(
    sources: tuple[Path, ...],
    output: Path,
    rates: dict[str, float],
    subjects: dict[str, tuple[str, ...]],
    overwrite: bool,
) -> None:
    from videopose.cli.console import ConsoleProgress
    from videopose.data.mocap import Trial, read_trials
    from videopose.data.mocap_human36m import ARCHIVES, FRAME_RATE, SUBJECTS, write_human36m
    from videopose.errors import OutputError

    if output.exists() and not output.is_dir():
        raise OutputError(f"{output}: is a file, but --as human36m writes several. Give a folder with -o.")
    _refuse_existing([output / name for name in ARCHIVES], overwrite)

    def trials() -> Iterator[Trial]:
        for source in sources:
            yield from read_trials(source, rates)

    progress = ConsoleProgress()
    progress.begin("read motion capture", None, "trials")
    try:
        written = write_human36m(trials(), output, subjects or SUBJECTS, progress.advance)
    finally:
        progress.end()
    frames = written.frames()
    by_subject = ", ".join(f"{name} {count} (of {' '.join(written.people(name))})" for name, count in frames.items())
    pixels, millimetres = written.detector_rms
    click.echo(
        f"{output}: {len(written.sequences)} sequences before 4 cameras, {sum(frames.values())} frames at "
        f"{FRAME_RATE:g} frames/s: {by_subject}"
    )
    click.echo(
        f"detected keypoints lie {pixels:.1f} pixels ({millimetres:.0f} mm) from the exact ones, root mean square"
    )
    if written.short_trials:
        click.echo(f"left out, shorter than 1 s: {', '.join(written.short_trials)}")
    if written.frames_out_of_sight:
        click.echo(
            f"left out, out of the cameras' sight or alone for less than 1 s: {written.frames_out_of_sight} frames"
        )
    if written.subjects_left_out:
        click.echo(f"left out, subjects without a name: {', '.join(sorted(written.subjects_left_out))}")


def _refuse_existing(paths: list[Path], overwrite: bool) -> None:
    from videopose.errors import OutputError

    for path in paths:
        if path.exists() and not overwrite:
            raise OutputError(f"{path}: already exists. Use --overwrite, or another name with -o.")
