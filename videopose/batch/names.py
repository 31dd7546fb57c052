"""What the results of each video are called: its place below its folder, and never the name of another one's."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote, urlparse

from videopose.batch.sources import Source, is_address
from videopose.results import output_stem

_LIKE_RESULTS = re.compile(r"^report$|\.(overlay|report|smpl|person\d+)$", re.IGNORECASE)
"""Names that would give files called like those of another video, or like the batch's own report."""


def name_key(name: str) -> str:
    """Equal for names that some file system takes for the same."""
    return unicodedata.normalize("NFC", name).casefold()


def choose_names(sources: Sequence[Source], taken: set[str]) -> list[str]:
    """Results' names (without suffix, `/` between folders) for new videos.

    `sub/walk.mp4` gives `sub/walk`; where another video has that name, or comes with it, or its results could have it
    (`walk.report.mp4`), the whole name, `sub/walk.mp4`; where even that is taken, `sub/walk-` and some digits that
    depend on the address alone.

    Args:
        sources: new ones; the names depend on all of them, not on their order.
        taken: `name_key` of the names that are in use.
    """
    plain = [_in_folder(source, output_stem(source.key)) for source in sources]
    full = [_in_folder(source, _whole_name(source)) for source in sources]
    wanted = Counter(map(name_key, plain))
    wanted_full = Counter(map(name_key, full))
    taken = set(taken)
    names = []
    for source, short, long in zip(sources, plain, full, strict=True):
        alone = wanted[name_key(short)] == 1 and name_key(short) not in taken
        if alone and not _LIKE_RESULTS.search(short):
            name = short
        elif wanted_full[name_key(long)] == 1 and name_key(long) not in taken | wanted.keys():
            name = long
        else:
            name = f"{short}-{hashlib.sha256(source.key.encode()).hexdigest()[:8]}"
        taken.add(name_key(name))
        names.append(name)
    return names


def _whole_name(source: Source) -> str:
    """The file's name with its extension, as `output_stem` makes it fit for a file system."""
    path = unquote(urlparse(source.key).path) if is_address(source.key) else source.key
    return output_stem(path + ".x")


def _in_folder(source: Source, stem: str) -> str:
    return (PurePosixPath(source.folder) / stem).as_posix()
