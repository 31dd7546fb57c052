"""What would fail every video stops the batch and blames none."""

import pytest


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--lifter", "nonsense"), "no lifter and no file is called 'nonsense'."),
        (("--device", "cuda:7"), "--device cuda:7: torch has none here"),
        (("--detector", "detectron2"), "etectron2"),
    ],
)
def test_settings_that_this_machine_cannot_have(
    batch, ledger_of, people_folder, tmp_path, options: tuple[str, ...], sentence: str
) -> None:
    outcome = batch(people_folder, *options, "--workers", "2").finish()
    assert outcome.code in (1, 2)
    assert sentence in outcome.complaint()
    assert "0 of 6 videos are done" in outcome.complaint()
    ledger = ledger_of(tmp_path / "out")
    assert ledger.count("failed") == 0
    assert ledger.count("waiting") == 6
    good = batch(people_folder, "--formats", "npz", "--threads", "1").finish()
    assert good.code == 0, good.err


def test_a_person_that_one_video_lacks_is_that_videos_failure(batch, ledger_of, people_folder, tmp_path) -> None:
    outcome = batch(people_folder / "more", "--person", "2", "--threads", "1").finish()
    assert outcome.code == 1
    assert "clip4.mp4: --person 2: no such person" in outcome.err
    assert ledger_of(tmp_path / "out").attempts("failed") == {"clip4.mp4": 1, "clip5.mp4": 1}
