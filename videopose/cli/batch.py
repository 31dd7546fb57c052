"""`videopose batch`: many videos to 3D motion files, from one laptop to a cluster."""

import os
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from videopose.cli.grouped import GroupedCommand
from videopose.cli.infer_options import infer_options, infer_settings
from videopose.errors import InputError, OutputError, UsageError, VideoposeError, one_line

if TYPE_CHECKING:
    from videopose.batch.engine import Engine
    from videopose.batch.ledger import Ledger
    from videopose.batch.plan import BatchSettings
    from videopose.batch.sources import Source

_SIZE = re.compile(r"(\d+(?:\.\d+)?) *([KMGT]?)(i?B)?", re.IGNORECASE)
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def parse_bytes(text: str | None) -> int | None:
    """`4G`, `1500M`, `2.5 GiB` as bytes.

    Raises:
        UsageError: not a size.
    """
    if text is None:
        return None
    found = _SIZE.fullmatch(text.strip())
    size = int(float(found[1]) * _UNITS[found[2].upper()]) if found else 0
    if size < 2**20:
        raise UsageError(f"--max-memory {text!r} is not a size. Give one like 4G or 1500M.")
    return size


@click.command(cls=GroupedCommand)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default=Path("out"), show_default=True,
    help="Folder for the results, the ledger and the report.",
)  # fmt: skip
@click.option(
    "--include",
    multiple=True,
    metavar="GLOB",
    help="Of what lies below folders only this: '*.mov', 'day1/'.  [repeats]",
)
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave this out, as in a .gitignore.  [repeats]")
@click.option("--list", "only_list", is_flag=True, help="Show what would be done, and do nothing.")
@click.option(
    "--retry", type=click.IntRange(min=0), default=2, show_default=True, metavar="N",
    help="How often a video that failed is tried again: now if its trouble may pass, else by the next command.",
)  # fmt: skip
@click.option("--redo", is_flag=True, help="Do again what is done, and what failed too often.")
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N",
    help="Videos at the same time.  [default: one for each GPU, or 1; with ray what the cluster takes]",
)  # fmt: skip
@click.option(
    "--max-memory", metavar="SIZE",
    help="Of a worker, for example 4G; one above is ended, its video tried again alone.  [default: an even share]",
)  # fmt: skip
@click.option(
    "--time-limit", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
    help="For one video.  [default: none]",
)  # fmt: skip
@click.option(
    "--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True,
    help="Processes on this machine, or a Ray cluster.",
)  # fmt: skip
@click.option("--ray-address", metavar="ADDRESS", help="Ray: auto, or HOST:PORT of a cluster.  [default: a local one]")
@infer_options
@click.option("--overwrite", is_flag=True, help="Replace results that exist and are none of this ledger's.")
@click.pass_context
def command(
    context: click.Context, /, paths: tuple[str, ...], output: Path, include: tuple[str, ...], exclude: tuple[str, ...],
    only_list: bool, retry: int, redo: bool, workers: int | None, max_memory: str | None, time_limit: float | None,
    engine: str, ray_address: str | None, threads: int | None, **values: Any,
) -> None:  # fmt: skip
    """Turn all videos of PATH... into 3D motion, as `infer` does; go on where an earlier command stopped.

    PATH is a folder, a video, a URL, a text file with a path or URL a line, or - for such lines on standard input.
    """
    if ray_address is not None and engine != "ray":
        raise UsageError("--ray-address goes with --engine ray. Name it.")
    memory_bytes = parse_bytes(max_memory)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from videopose.batch.job import with_whole_paths
    from videopose.batch.plan import BatchSettings
    from videopose.batch.sources import find_sources
    from videopose.following import check_names

    settings = with_whole_paths(infer_settings(threads=threads, **values))
    check_names(str(output))
    output = output.absolute()
    _check_formats(settings.formats)
    sources = find_sources(paths, output, include, exclude)
    if not sources:
        raise InputError(f"{', '.join(paths)}: no videos there. Check the folder and --include, --exclude.")
    wanted = BatchSettings(settings, output, retry, redo)
    if only_list:
        _list(sources, wanted)
        return

    def make_engine() -> "Engine":
        debug = bool(context.obj.debug)
        if engine == "ray":
            from videopose.batch.ray_engine import RayEngine

            return RayEngine(
                ray_address, workers, threads=threads, memory_bytes=memory_bytes, time_s=time_limit,
                gpu=settings.device in ("auto", "cuda"), debug=debug,
            )  # fmt: skip
        from videopose.batch.engine import LocalEngine, count_gpus

        gpus = count_gpus(settings.device)
        return LocalEngine(
            workers or max(1, gpus), threads=threads, memory_bytes=memory_bytes, time_s=time_limit, gpus=gpus,
            debug=debug,
        )  # fmt: skip

    _run(sources, wanted, make_engine)


def _check_formats(names: tuple[str, ...]) -> None:
    from videopose.formats import FORMATS, check_formats

    folder = next((name for name in names if FORMATS[name].folder), None)
    if folder is not None:
        raise UsageError(
            f"--formats {folder}: is a folder of files for each video. Write npz, and use `videopose export` on those."
        )
    check_formats(names)


def _list(sources: "Sequence[Source]", settings: "BatchSettings") -> None:
    from videopose.batch.ledger import Ledger
    from videopose.batch.plan import Planner

    with Ledger.peek(settings.output) as ledger:
        planned = Planner(ledger, settings).plan(sources)
    words = {"do": "do", "skip": "done", "busy": "running", "give up": "failed"}
    for one in planned:
        reason = "" if one.verdict.action == "skip" else f"  ({one.verdict.reason})"
        click.echo(one_line(f"{words[one.verdict.action]:7} {one.source.label} -> {one.row.name}{reason}"))
    counts = [sum(one.verdict.action == action for one in planned) for action in words]
    click.echo(f"{counts[0]} to do, {counts[1]} done, {counts[2]} running, {counts[3]} failed too often")


def _run(sources: "Sequence[Source]", settings: "BatchSettings", make_engine: "Callable[[], Engine]") -> None:
    from videopose.batch.ledger import Ledger
    from videopose.batch.plan import Planner
    from videopose.batch.report import REPORT_NAME, write_report
    from videopose.batch.run import BatchRun
    from videopose.cli.batch_summary import complain, print_summary
    from videopose.cli.batch_view import ConsoleView
    from videopose.files import output_error

    output = settings.output
    if output.exists() and not output.is_dir():
        raise OutputError(f"{output}: is not a folder. Choose a folder for the results with -o.")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(output, error) from error
    view = ConsoleView()
    with Ledger.open(output) as ledger:
        planner = Planner(ledger, settings)
        planned = planner.plan(sources)
        run = BatchRun(ledger, make_engine(), planner, settings, view)
        try:
            outcome = run.run(planned)
        finally:
            if sys.exc_info()[0] is not None:
                _try_report(ledger, output)
        if outcome.trouble is None:
            write_report(ledger, output)
        else:
            _try_report(ledger, output)
        print_summary(ledger, planned, outcome, view.elapsed_s)
    click.echo(f"report: {output / REPORT_NAME}")
    complain(planned, outcome)


def _try_report(ledger: "Ledger", output: Path) -> None:
    """A report of what there is, after something that matters more than the report."""
    from videopose.batch.report import write_report

    with suppress(VideoposeError):
        write_report(ledger, output)
