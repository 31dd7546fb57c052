"""Addresses to local files."""

import os
from pathlib import Path


class _PathManager:
    def get_local_path(self, path: str) -> str:
        local = Path(os.environ["FVCORE_CACHE"]) / path.split("://")[1].split("/", 1)[1]
        if not local.is_file():
            raise OSError("no connection")
        return str(local)


PathManager = _PathManager()
