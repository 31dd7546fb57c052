"""Where the numbers of a benchmark go: to the terminal, and to the file that `--json` names."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_results(results: Mapping[str, Any], path: Path | None) -> None:
    """Print JSON, and write it to a file if one is named; its folder is made."""
    text = json.dumps(results, indent=2)
    print(text)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
