"""The errors videopose raises for bad input; only the command line turns them into exit codes."""


class VideoposeError(Exception):
    """A run cannot go on. The message is one plain sentence: what, where, what to do."""

    exit_code = 1


class UsageError(VideoposeError):
    """An option or argument makes no sense (exit code 2)."""

    exit_code = 2


class InputError(VideoposeError):
    """A file from outside is missing, broken, or not what it should be."""


class OutputError(VideoposeError):
    """A result cannot be written: no permission, no space, or it already exists."""


class AssetError(VideoposeError):
    """Weights or a sample cannot be had, or are not the ones the manifest names."""


class CancelledError(VideoposeError):
    """The user or the system asked to stop (Ctrl-C, SIGTERM)."""

    exit_code = 130
