"""Show how far a download is: a bar on a terminal, plain lines elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from videopose.assets import Asset

Report = Callable[[Asset, int, int], None]
"""Called with (asset, bytes done, bytes in all; 0 if not known), as `videopose.assets.pull` does."""


@contextmanager
def fetch_progress() -> Iterator[Report]:
    """Give a function for `pull(progress=...)` that shows its progress on stderr while the context lasts."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _plain_report(console)
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as display:
        tasks: dict[str, TaskID] = {}

        def report(asset: Asset, done: int, total: int) -> None:
            if asset.name not in tasks:
                tasks[asset.name] = display.add_task(f"Fetching {asset.name}", total=None)
            display.update(tasks[asset.name], completed=done, total=total or None)

        yield report


def _plain_report(console: Console) -> Report:
    quarters: dict[str, int] = {}

    def report(asset: Asset, done: int, total: int) -> None:
        quarter = 4 * done // total if total else 0
        if asset.name not in quarters:
            console.out(f"Fetching {asset.name} ...", highlight=False)
        elif quarter > quarters[asset.name]:
            console.out(f"Fetching {asset.name}: {done / 1e6:.1f} of {total / 1e6:.1f} MB", highlight=False)
        quarters[asset.name] = quarter

    return report
