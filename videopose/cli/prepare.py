"""`videopose prepare`: raw data to training archives."""

import click

from videopose.cli.prepare_datasets import custom, human36m, humaneva
from videopose.cli.prepare_mocap import mocap


@click.group()
def command() -> None:
    """Turn raw datasets into training archives."""


for _prepare in (human36m, humaneva, mocap, custom):
    command.add_command(_prepare)
