"""Command lines in processes that have imported everything already, and what they leave."""

import json
import os
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

from processes import run_python, running_with

from videopose.export import RecordingArrays, read_npz


@dataclass(frozen=True)
class Outcome:
    """What one run of `infer` left."""

    code: int
    out: str
    err: str
    folder: Path

    def arrays(self, stem: str) -> RecordingArrays:
        """The NPZ file of the video called `stem`."""
        return read_npz(self.folder / f"{stem}.npz")

    def names(self) -> list[str]:
        """All files in the output folder, hidden ones too."""
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.exists() else []

    def complaint(self) -> str:
        """The one sentence of a failed run: the last line of stderr, and the only one that is no progress."""
        *_, last = [line for line in self.err.splitlines() if not line.startswith("INFO: ")]  # of a network's runtime
        assert last.startswith("videopose: ")
        assert self.err.count("videopose: ") == 1
        assert "Traceback" not in self.err
        return last.removeprefix("videopose: ")


NURSERY = """
import json, os, sys
import videopose.cli.console, videopose.cli.infer, videopose.cli.summary, videopose.pipeline
from videopose.cli.main import main

exec(sys.argv[1])
for line in sys.stdin:
    order = json.loads(line)
    child = os.fork()
    if child == 0:
        for number, path in enumerate(order["streams"]):
            os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
        os.environ["VIDEOPOSE_TEST_MARK"] = order["mark"]
        sys.argv[1:] = order["arguments"]
        exec(order["before"])
        main()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Nursery:
    """Runs `videopose` in processes that have imported everything already: a fresh one takes seconds for it."""

    def __init__(self, folder: Path, first: str = "") -> None:
        """Start the process that is forked.

        Args:
            folder: for what the commands print.
            first: Python to run in that process once.
        """
        self._folder = folder
        self._process = run_python(NURSERY, first, stdin=subprocess.PIPE, stderr=None)

    def run(self, *arguments: str | Path, before: str = "", folder: Path) -> Outcome:
        """Run `infer` to its end; nothing that it started may still run then. `before` is Python to run in it first."""
        code, out, err, mark = self.run_line("infer", "-o", folder, *arguments, before=before)
        assert running_with(mark) == []
        return Outcome(code, out, err, folder)

    def run_line(self, *arguments: str | Path, before: str = "") -> tuple[int, str, str, str]:
        """Run any command line to its end: exit code, stdout, stderr, and the mark of all that it started."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        mark = uuid.uuid4().hex
        out, err = self._folder / f"{mark}.out", self._folder / f"{mark}.err"
        order = {
            "streams": [os.devnull, str(out), str(err)],
            "mark": mark,
            "arguments": [*map(str, arguments)],
            "before": before,
        }
        print(json.dumps(order), file=self._process.stdin, flush=True)
        code = int(self._process.stdout.readline())
        printed, complained = (path.read_text(errors="replace") for path in (out, err))
        out.unlink()
        err.unlink()
        return code, printed, complained, mark

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=60)
