"""`videopose prepare human36m`, `humaneva` and `custom`: datasets and one's own detections to archives."""

from collections.abc import Sequence
from pathlib import Path

import click

_source = click.argument("source", type=click.Path(exists=True, path_type=Path))
_output = click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder to write to.")
_overwrite = click.option("--overwrite", is_flag=True, help="Replace archives that exist.")


@click.command()
@_source
@_output
@click.option("--allow-missing", is_flag=True, help="Prepare what is there of the seven subjects with 30 files each.")
@_overwrite
def human36m(source: Path, output: Path, allow_missing: bool, overwrite: bool) -> None:
    """Read Human3.6M from SOURCE: a folder or zip archive.

    Known are S*/MyPoseFeatures/D3_Positions/*.cdf, the same as *.cdf.mat, and S*/MyPoses/3D_positions/*.h5. Writes
    data_3d_h36m.npz and data_2d_h36m_gt.npz, what the four cameras see of it.
    """
    from videopose.cli.console import ConsoleProgress
    from videopose.data.human36m import NAME_2D, NAME_3D, read_positions, write_human36m

    _check_free([output / NAME_3D, output / NAME_2D], overwrite)
    positions = read_positions(source, allow_missing, ConsoleProgress())
    paths = write_human36m(output, positions)
    actions = [joints for actions in positions.values() for joints in actions.values()]
    click.echo(
        f"{paths[0]}, {paths[1].name}: {len(actions)} sequences, {sum(map(len, actions))} frames, "
        f"subjects {', '.join(positions)}"
    )


@click.command()
@_source
@_output
@_overwrite
def humaneva(source: Path, output: Path, overwrite: bool) -> None:
    """Read HumanEva-I from SOURCE: the folder converted_15j with {Train,Validate}/S*/*.mat.

    Writes data_3d_humaneva15.npz and data_2d_humaneva15_gt.npz.
    """
    from videopose.cli.console import ConsoleProgress
    from videopose.data.humaneva import NAME_2D, NAME_3D, read_recordings, write_humaneva

    _check_free([output / NAME_3D, output / NAME_2D], overwrite)
    recordings = read_recordings(source, ConsoleProgress())
    paths = write_humaneva(output, recordings)
    chunks = [views[0] for actions in recordings.keypoints.values() for views in actions.values()]
    click.echo(
        f"{paths[0]}, {paths[1].name}: {len(chunks)} sequences, {sum(map(len, chunks))} frames, "
        f"subjects {', '.join(recordings.keypoints)}"
    )


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@_output
@click.option("--name", required=True, help="Of the archive: data_2d_custom_NAME.npz.")
@_overwrite
def custom(sources: tuple[Path, ...], output: Path, name: str, overwrite: bool) -> None:
    """Read detections of one's own videos from SOURCES: .npz files, one a video, or folders of them.

    Known are Detectron's archives (the best box of each frame is taken) and those of `videopose infer` (each person
    becomes a sequence).
    """
    from videopose.cli.console import ConsoleProgress
    from videopose.data.custom import archive_path, read_videos, write_custom

    path = archive_path(output, name)
    _check_free([path], overwrite)
    videos = read_videos(sources, ConsoleProgress())
    write_custom(path, videos)
    frames = sum(len(video.keypoints) for video in videos)
    click.echo(f"{path}: {len(videos)} sequences, {frames} frames")


def _check_free(paths: Sequence[Path], overwrite: bool) -> None:
    """Raise OutputError where a file would be replaced."""
    from videopose.errors import OutputError

    for path in paths:
        if path.exists() and not overwrite:
            raise OutputError(f"{path}: already exists. Use --overwrite, or another folder with -o.")
