"""`videopose report`: plots and plain verdicts on a result."""

import json
from pathlib import Path

import click

from videopose.errors import OutputError, UsageError


@click.command()
@click.argument("source", metavar="RESULT.npz", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="DIR|FILE.html",
    type=click.Path(path_type=Path),
    help="Folder for the page and the pictures, or the page alone.  [default: the folder of RESULT.npz]",
)
@click.option(
    "--person", default="all", show_default=True, metavar="WHO", help="all, largest, longest or a person's number."
)
@click.option("--json", "as_json", is_flag=True, help="Print measures and grades as JSON instead of the summary.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier report.")
def command(source: Path, output: Path | None, person: str, as_json: bool, overwrite: bool) -> None:
    """Judge the result in RESULT.npz: what was seen, angles, speeds, path, bones, fit to the picture, steadiness.

    Writes NAME.report.html, which needs no other file, and NAME.person<ID>.report.png for each person.
    """
    alone = output is not None and output.suffix.lower() in (".html", ".htm") and not output.is_dir()
    folder = source.parent if output is None else output.parent if alone else output
    stem = source.name.removesuffix(".npz")
    if not alone and folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder. Give a folder, or a file that ends in .html, with -o.")

    from videopose.choosing import check_person, choose_from
    from videopose.export import read_recording
    from videopose.report import PAGE_SUFFIX, build_report, present_reports, report_object, write_files

    check_person(person)
    path = output if alone and output is not None else folder / f"{stem}{PAGE_SUFFIX}"
    present = ([path] if path.exists() else []) if alone else present_reports(folder, stem)
    if present and not overwrite:
        raise OutputError(f"{present[0]}: already exists. Use --overwrite, or another place with -o.")
    recording = read_recording(source)
    report = build_report(choose_from(recording, person))
    files = write_files(report, path, stem, pictures=not alone)
    if as_json:
        click.echo(json.dumps(report_object(report), indent=2, allow_nan=False))
        return
    for judged in report.people:
        click.echo(f"person {judged.person_id}: {judged.grade}")
        for verdict in judged.verdicts:
            click.echo(f"  {verdict.measure} ({verdict.grade}): {verdict.text}")
    if not report.people:
        click.echo("nobody was found: there is nothing to judge")
    for file in files:
        click.echo(str(file))
