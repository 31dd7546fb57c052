"""`videopose prepare`: raw data to training archives."""

import click

from videopose.cli.prepare_mocap import mocap


@click.group()
def command() -> None:
    """Turn raw datasets into training archives."""


command.add_command(mocap)
