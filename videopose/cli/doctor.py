"""`videopose doctor`: one block that describes this installation, for bug reports."""

import json

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object instead of lines.")
def command(as_json: bool) -> None:
    """Describe this installation: versions, devices, ffmpeg, weights. Paste it into bug reports."""
    from videopose.doctor import collect, report_lines

    report = collect()
    click.echo(json.dumps(report, indent=2) if as_json else "\n".join(report_lines(report)))
