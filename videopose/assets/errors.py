"""Why one source did not work; the store tries the next one and names them all if none does."""


class SourceError(Exception):
    """One source failed. The message is a short clause without a full stop."""
