"""Two hundred short videos: the command's memory stays flat, and nothing is left over."""

import os
from pathlib import Path

import psutil
import pytest

from videopose.export import read_npz

COUNT = 200
FROM = 40
"""Videos after which everything is loaded and every cache is filled."""
MOST_GROWTH = 8 << 20
"""Bytes, for a hundred and sixty rows of a table on the way."""


@pytest.fixture(scope="module")
def many(clips, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Links to one tiny video."""
    folder = tmp_path_factory.mktemp("many")
    clip = clips.make("tiny.mp4", frames=3)
    for number in range(COUNT):
        os.link(clip, folder / f"clip{number}.mp4")
    return folder


def entries(folder: Path) -> set[str]:
    return {entry.name for entry in os.scandir(folder)}


@pytest.mark.timeout(900)
def test_a_soak(batch, ledger_of, many, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    ledger = ledger_of(tmp_path / "out")
    program = batch(many, "--formats", "npz", "--threads", "1", "--workers", "2")
    command = psutil.Process(program.process.pid)
    seen: dict[int, tuple[int, int, int]] = {}

    def done() -> bool:
        count = ledger.count("done")
        if count not in seen:
            family = len(command.children(recursive=True))
            seen[count] = (command.memory_info().rss, command.num_fds(), family)
        return count >= COUNT - 1

    program.wait_for(done, timeout_s=600)
    outcome = program.finish()
    assert outcome.code == 0, outcome.err
    assert f"{COUNT} done, 0 were done already, 0 failed" in outcome.out
    warm = [count for count in seen if FROM <= count < FROM + 20]
    late = [count for count in seen if count >= COUNT - 20]
    assert warm
    assert late
    for which, most in ((0, MOST_GROWTH), (1, 2)):
        growth = min(seen[count][which] for count in late) - min(seen[count][which] for count in warm)
        assert growth <= most, (which, seen)
    # two workers, the tracker of Python's multiprocessing, and at most two ffmpeg each
    assert max(family for _, _, family in seen.values()) <= 2 + 1 + 4
    assert entries(tmp_path / "out") == {f"clip{n}.npz" for n in range(COUNT)} | {"batch.sqlite", "report.html"}
    assert entries(temporary) == set()
    assert len(read_npz(tmp_path / "out" / "clip199.npz").frame_index) == 3
