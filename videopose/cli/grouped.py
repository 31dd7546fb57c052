"""Options in titled groups, so that what matters most comes first in a command's help."""

from collections.abc import Callable, Sequence
from typing import Any

import click

_MAIN = "Options"


class GroupedOption(click.Option):
    """An option that belongs to a section of the help."""

    def __init__(self, *arguments: Any, group: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose help shows its own options, then a section for each group."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections."""
        sections: dict[str, list[tuple[str, str]]] = {_MAIN: []}
        for parameter in self.get_params(ctx):
            if isinstance(parameter, click.Option) and (record := parameter.get_help_record(ctx)):
                group = parameter.group if isinstance(parameter, GroupedOption) else _MAIN
                sections.setdefault(group, []).append(record)
        for title, rows in sections.items():
            with formatter.section(title):
                formatter.write_dl(rows)


def option_in(group: str) -> Callable[..., Callable[..., Any]]:
    """`click.option` for options of one section."""

    def option(*names: str, **settings: Any) -> Callable[..., Any]:
        return click.option(*names, cls=GroupedOption, group=group, **settings)

    return option


def with_options(function: Callable[..., Any], options: Sequence[Callable[..., Any]]) -> Callable[..., Any]:
    """Give a command `options`, in their order."""
    for option in reversed(options):
        function = option(function)
    return function
