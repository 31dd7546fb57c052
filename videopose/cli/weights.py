"""`videopose weights`: list, fetch and check weights and samples."""

import click

from videopose.assets import Asset, Check, cache_dir, get_asset, load_manifest, local_path, pull, verify
from videopose.cli.fetching import fetch_progress
from videopose.errors import AssetError


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List, fetch and check weights and samples.

    They are kept in the platform's cache folder, or in the one named by the environment variable VIDEOPOSE_CACHE.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_assets)


@command.command("list")
def list_assets() -> None:
    """Show every file: what it is, its size and licence, and where it lies."""
    for line in table([(asset, str(local_path(asset) or "not here")) for asset in load_manifest().values()]):
        click.echo(line)
    click.echo(f"\nCache folder: {cache_dir()}")


@command.command("pull")
@click.argument("names", metavar="[NAME]...", nargs=-1)
def pull_assets(names: tuple[str, ...]) -> None:
    """Fetch the files called NAME; without names, all but restricted and large ones."""
    for asset in map(get_asset, names):
        if asset.by_name_only:
            click.echo(f"{asset.name}: licence {asset.licence}. {asset.about}", err=True)
    with fetch_progress() as report:
        paths = pull(names, progress=report)
    for name, path in paths.items():
        click.echo(f"{name}: {path}")


@command.command("verify")
@click.argument("names", metavar="[NAME]...", nargs=-1)
def verify_assets(names: tuple[str, ...]) -> None:
    """Hash every byte of the files called NAME (all, without names) that lie here; exit code 1 if one is wrong."""
    checks = verify(names)
    for line in table([(check.asset, _state(check)) for check in checks]):
        click.echo(line)
    wrong = [check.asset.name for check in checks if check.state == "wrong hash"]
    if wrong:
        raise AssetError(
            f"{', '.join(wrong)}: not what the manifest names. "
            f"Run `videopose weights pull {' '.join(wrong)}` to fetch again."
        )


def _state(check: Check) -> str:
    return check.state if check.path is None else f"{check.state}: {check.path}"


def table(rows: list[tuple[Asset, str]]) -> list[str]:
    """Lines of name, kind, size, licence and a remark (state or place), aligned."""
    cells = [("NAME", "KIND", "SIZE", "LICENCE", "WHERE")]
    cells += [(asset.name, asset.kind, size_text(asset.size), asset.licence, remark) for asset, remark in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    return ["  ".join([*map(str.ljust, row[:4], widths), row[4]]) for row in cells]


def size_text(size: int) -> str:
    """Bytes as megabytes with one digit; `?` for 0, not known."""
    return f"{size / 1e6:.1f} MB" if size else "?"
