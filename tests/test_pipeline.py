"""The whole way, from real files to result files: rows, times, turned videos, and what the settings change."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from videopose.data.bvh import forward_kinematics, read_bvh
from videopose.detect_files import DetectSettings, detect
from videopose.errors import InputError, UsageError
from videopose.export import RecordingArrays, read_keypoints, read_npz, recording_schema
from videopose.export.layout import plan_layout
from videopose.pipeline import InferResult, infer
from videopose.settings import InferSettings, MotionSettings
from videopose.video import VideoReader, probe

pytestmark = pytest.mark.usefixtures("networks")

NPZ = InferSettings(formats=("npz",), threads=2)


@dataclass(frozen=True)
class Run:
    """One finished run."""

    folder: Path
    stem: str
    result: InferResult

    def path(self, suffix: str) -> Path:
        return self.folder / f"{self.stem}{suffix}"

    @property
    def arrays(self) -> RecordingArrays:
        return read_npz(self.path(".npz"))


def process(source: Path, folder: Path, settings: InferSettings = NPZ) -> Run:
    return Run(folder, source.stem, infer(str(source), folder, settings))


@pytest.fixture(scope="module")
def squats_run(squats: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """All formats of the squats."""
    return process(squats, tmp_path_factory.mktemp("squats"), InferSettings(threads=2))


def overlay_times_s(path: Path) -> list[float]:
    with VideoReader(str(path)) as reader:
        return [frame.time_s for frame in reader]


def shown_numbers(path: Path, number_in: Callable[[np.ndarray], int]) -> list[int]:
    """The numbers of the numbered clips' frames, read from their overlay."""
    left, top, width, height = plan_layout(160, 96).picture
    with VideoReader(str(path)) as reader:
        return [number_in(frame.image[top : top + height, left : left + width]) for frame in reader]


def decoded_sound_s(clips, path: Path) -> float:
    raw = clips.folder / "sound.raw"
    clips.ffmpeg("-i", f"file:{path}", "-vn", "-ac", "1", "-ar", "8000", "-f", "s16le", f"file:{raw}")
    samples = np.fromfile(raw, np.int16)
    loud = np.flatnonzero(np.abs(samples) > 1000)
    return (loud[-1] - loud[0]) / 8000


@pytest.mark.shared
def test_every_frame_has_a_row_with_a_person_of_human_size(squats_run: Run) -> None:
    arrays = squats_run.arrays
    np.testing.assert_array_equal(arrays.frame_index, np.arange(10))
    np.testing.assert_allclose(arrays.time_s, np.arange(10) / 5)
    assert arrays.person_id.tolist() == [1]
    assert arrays.image_size.tolist() == [360, 640]
    assert arrays.observed.all()
    assert np.isfinite(arrays.joints_3d).all()
    np.testing.assert_allclose(arrays.joints_3d[:, :, 0], 0)
    names = list(arrays.joint_names)
    shin = arrays.joints_3d[0, :, names.index("left_ankle")] - arrays.joints_3d[0, :, names.index("left_knee")]
    assert 0.25 < np.median(np.linalg.norm(shin, axis=-1)) < 0.6
    head, feet = (arrays.joints_3d[0, 0, names.index(name), 1] for name in ("head", "left_ankle"))
    assert head < 0 < feet  # y points down: she stands upright
    assert (arrays.root_3d[0, :, 2] > 1).all()


@pytest.mark.shared
def test_all_formats_are_written_and_agree(squats_run: Run) -> None:
    suffixes = (".npz", ".json", ".person1.bvh", ".overlay.mp4")
    assert squats_run.result.files == tuple(squats_run.path(suffix) for suffix in suffixes)
    assert sorted(squats_run.folder.iterdir()) == sorted(squats_run.result.files)
    document = json.loads(squats_run.path(".json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(recording_schema()).validate(document)
    arrays = squats_run.arrays
    np.testing.assert_allclose(np.array(document["joints_3d"], float), arrays.joints_3d, atol=1e-5)
    assert document["provenance"] == arrays.provenance
    bvh = read_bvh(squats_run.path(".person1.bvh"))
    positions, _ = forward_kinematics(bvh)
    assert len(positions) == 10
    assert bvh.frame_time_s == pytest.approx(0.2)
    info = probe(str(squats_run.path(".overlay.mp4")))
    assert (info.frame_count, info.fps, info.has_audio) == (10, Fraction(5), True)


@pytest.mark.shared
def test_provenance_tells_how_it_was_made(squats_run: Run, squats: Path) -> None:
    told = squats_run.arrays.provenance
    assert told["source"] == str(squats)
    assert told["detector"]["name"] == "blazepose"
    for weights in (*told["detector"]["weights"], told["lifter"]):
        assert len(weights["sha256"]) == 64
    assert told["settings"]["person"] == "all"
    assert told["focal_known"] is False


@pytest.mark.shared
def test_two_runs_give_the_same_bytes_but_for_the_date(squats: Path, squats_run: Run, tmp_path: Path) -> None:
    again = process(squats, tmp_path, InferSettings(threads=1))
    with np.load(squats_run.path(".npz")) as first, np.load(again.path(".npz")) as second:
        assert first.files == second.files
        for name in set(first.files) - {"provenance"}:
            assert first[name].tobytes() == second[name].tobytes(), name
    told, told_again = squats_run.arrays.provenance, again.arrays.provenance
    assert told.pop("created").startswith("20")
    assert told_again.pop("created").startswith("20")
    assert told == told_again
    for suffix in (".person1.bvh", ".overlay.mp4"):
        assert squats_run.path(suffix).read_bytes() == again.path(suffix).read_bytes(), suffix


@pytest.mark.shared
@pytest.mark.parametrize(("filters", "turn"), [("transpose=1", 90), ("hflip,vflip", 180), ("transpose=2", 270)])
def test_a_clip_stored_turned_gives_the_same_keypoints(
    clips, squats: Path, squats_run: Run, tmp_path: Path, filters: str, turn: int
) -> None:
    lying = clips.folder / f"lying{turn}.mp4"
    clips.ffmpeg("-i", squats, "-an", "-vf", filters, "-c:v", "libx264", "-qp", "0", lying)
    # the option turns counter-clockwise, back to upright
    turned = clips.remux(lying, f"upright{turn}.mp4", before=("-display_rotation", str(turn)))
    run = process(turned, tmp_path)
    assert run.result.recording.video.rotation_degrees == 360 - turn
    assert run.arrays.image_size.tolist() == [360, 640]
    upright = squats_run.arrays.keypoints_2d
    sure = upright[..., 2] > 0.5
    assert sure.mean() > 0.7
    distance = np.linalg.norm(run.arrays.keypoints_2d[..., :2] - upright[..., :2], axis=-1)
    assert distance[sure].max() < 1.0


@pytest.mark.shared
def test_its_own_keypoints_from_a_file_give_the_same_motion(squats: Path, squats_run: Run, tmp_path: Path) -> None:
    again = process(squats, tmp_path, replace(NPZ, detections=squats_run.path(".npz"))).arrays
    before = squats_run.arrays
    np.testing.assert_array_equal(again.keypoints_2d, before.keypoints_2d)
    np.testing.assert_array_equal(again.observed, before.observed)
    np.testing.assert_array_equal(again.joints_3d, before.joints_3d)
    np.testing.assert_array_equal(again.root_3d, before.root_3d)
    assert again.provenance["detector"]["name"] == str(squats_run.path(".npz"))


@pytest.mark.shared
def test_a_range_of_given_keypoints_keeps_their_frame_numbers(squats: Path, squats_run: Run, tmp_path: Path) -> None:
    settings = replace(NPZ, detections=squats_run.path(".npz"), start_s=0.6, end_s=1.4)
    arrays = process(squats, tmp_path, settings).arrays
    np.testing.assert_array_equal(arrays.frame_index, [3, 4, 5, 6])
    np.testing.assert_array_equal(arrays.keypoints_2d, squats_run.arrays.keypoints_2d[:, 3:7])


@pytest.mark.shared
@pytest.mark.parametrize("form", ["detectron", "videopose3d"])
def test_an_archive_of_a_range_fits_that_range_alone(form: str, squats: Path, squats_run: Run, tmp_path: Path) -> None:
    path = tmp_path / "range.npz"
    detect([str(squats)], path, DetectSettings(format=form, start_s=0.6, end_s=1.4))
    settings = replace(NPZ, detections=path, start_s=0.6, end_s=1.4)
    run = process(squats, tmp_path, settings)
    np.testing.assert_array_equal(run.arrays.frame_index, [3, 4, 5, 6])
    distance = np.linalg.norm((run.arrays.keypoints_2d - squats_run.arrays.keypoints_2d[:, 3:7])[..., :2], axis=-1)
    assert np.median(distance) < 5
    assert f"{path} has 4 frames without numbers: taken as frames 3 to 6." in run.result.notes
    for other in ({"start_s": 0.6, "end_s": 1.6}, {"start_s": None, "end_s": None}):
        with pytest.raises(InputError, match="are wanted, the detections hold 0 to 3"):
            process(squats, tmp_path / "other", replace(settings, **other))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("source", "settings", "message"),
    [
        ("plain.mp4", {}, "the video is 160x96, the detections are for 360x640"),
        ("slow.mp4", {}, "frames 0 to 19 are wanted, the detections hold 0 to 9"),
    ],
)
def test_keypoints_of_another_video_are_refused(
    clips, squats: Path, squats_run: Run, tmp_path: Path, source: str, settings: dict[str, float], message: str
) -> None:
    clips.make("plain.mp4")
    if not (clips.folder / "slow.mp4").exists():
        clips.ffmpeg("-i", squats, "-an", "-r", "10", clips.folder / "slow.mp4")
    with pytest.raises(InputError, match=message):
        process(clips.folder / source, tmp_path, replace(NPZ, detections=squats_run.path(".npz"), **settings))


@pytest.mark.shared
def test_the_height_sets_the_scale(squats: Path, squats_run: Run, tmp_path: Path) -> None:
    def bones(height_m: float) -> np.ndarray:
        motion = MotionSettings(height_m=height_m)
        settings = replace(NPZ, detections=squats_run.path(".npz"), motion=motion)
        arrays = process(squats, tmp_path / f"{height_m}", settings).arrays
        return np.linalg.norm((arrays.joints_3d - arrays.joints_3d[:, :, arrays.parents])[:, :, 1:], axis=-1)

    tall, short = bones(1.9), bones(0.95)
    np.testing.assert_allclose(tall, 2 * short, rtol=1e-4)
    reach = np.median(tall, axis=(0, 1))
    assert 1.0 < reach[[0, 1, 2]].sum() + reach[[6, 7, 8, 9]].sum() < 2.2  # hip, leg, spine, neck and head


@pytest.mark.shared
def test_smoothing_takes_out_shaking_and_can_be_left_out(squats: Path, squats_run: Run, tmp_path: Path) -> None:
    settings = replace(NPZ, detections=squats_run.path(".npz"), motion=MotionSettings(smooth=False))
    arrays = process(squats, tmp_path, settings).arrays
    # limbs are refined as well
    trunk = [index for index, name in enumerate(arrays.joint_names) if name.endswith(("hip", "thorax", "shoulder"))]
    raw, smooth = (run.joints_3d[:, :, trunk] for run in (arrays, squats_run.arrays))
    assert np.abs(np.diff(smooth, 2, axis=1)).mean() < np.abs(np.diff(raw, 2, axis=1)).mean()
    assert np.abs(smooth - raw).max() < 0.15


@pytest.mark.shared
def test_slow_motion_is_measured_as_filmed_and_shown_as_it_plays(squats: Path, squats_run: Run, tmp_path: Path) -> None:
    settings = InferSettings(detections=squats_run.path(".npz"), fps=Fraction(60), formats=("npz", "bvh", "mp4"))
    run = process(squats, tmp_path, settings)
    assert run.arrays.fps == 60
    np.testing.assert_allclose(run.arrays.time_s, np.arange(10) / 60)
    assert read_bvh(run.path(".person1.bvh")).frame_time_s == pytest.approx(1 / 60, abs=1e-6)
    assert probe(str(run.path(".overlay.mp4"))).fps == 5
    np.testing.assert_allclose(overlay_times_s(run.path(".overlay.mp4")), np.arange(10) / 5, atol=1e-4)


@pytest.mark.parametrize(("person", "ids"), [("all", [1, 4]), ("largest", [1]), ("longest", [4]), ("4", [4])])
def test_people_can_be_chosen(clips, two_people: Path, tmp_path: Path, person: str, ids: list[int]) -> None:
    settings = replace(NPZ, detections=two_people, person=person, formats=("npz", "bvh"))
    run = process(clips.make("plain.mp4"), tmp_path, settings)
    assert run.arrays.person_id.tolist() == ids
    assert sorted(path.name for path in tmp_path.glob("*.bvh")) == [f"plain.person{i}.bvh" for i in ids]
    frames = {1: 12, 4: 20}
    for person_id, joints in zip(ids, run.arrays.joints_3d, strict=True):
        assert np.isfinite(joints).all((1, 2)).tolist() == [t < frames[person_id] for t in range(20)]


def test_a_person_who_is_not_there_cannot_be_chosen(clips, two_people: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--person 2: no such person, the video has 1, 4\."):
        process(clips.make("plain.mp4"), tmp_path, replace(NPZ, detections=two_people, person="2"))
    assert list(tmp_path.iterdir()) == []


def test_nobody_gives_empty_arrays_and_all_files(clips, tmp_path: Path) -> None:
    run = process(clips.make("plain.mp4"), tmp_path, InferSettings(threads=1))
    assert "Nobody was found in the video: the results are empty." in run.result.notes
    assert run.arrays.keypoints_2d.shape == (0, 20, 17, 3)
    assert run.arrays.joints_3d.shape == (0, 20, 17, 3)
    np.testing.assert_array_equal(run.arrays.frame_index, np.arange(20))
    document = json.loads(run.path(".json").read_text())
    jsonschema.Draft202012Validator(recording_schema()).validate(document)
    assert document["joints_3d"] == []
    assert len(read_keypoints(run.path(".npz")).frame_index) == 20
    assert shown_numbers(run.path(".overlay.mp4"), clips.number_in) == list(range(20))


def test_a_range_keeps_true_numbers_times_and_sound(clips, tmp_path: Path) -> None:
    sound = ("-f", "lavfi", "-t", "0.6667", "-i", "sine=frequency=440:sample_rate=48000")
    clip = clips.make("sound.mp4", "-c:a", "aac", "-bf", "2", sound=sound)
    run = process(clip, tmp_path, InferSettings(start_s=0.2, end_s=0.5, formats=("npz", "mp4")))
    np.testing.assert_array_equal(run.arrays.frame_index, np.arange(6, 15))
    np.testing.assert_allclose(run.arrays.time_s, np.arange(6, 15) / 30)
    overlay = run.path(".overlay.mp4")
    assert shown_numbers(overlay, clips.number_in) == list(range(6, 15))
    np.testing.assert_allclose(overlay_times_s(overlay), np.arange(9) / 30, atol=1e-4)
    assert decoded_sound_s(clips, overlay) == pytest.approx(0.3, abs=0.05)


def test_a_variable_rate_comes_out_as_it_went_in(clips, tmp_path: Path) -> None:
    clip = clips.make("vfr.mp4", "-vf", "select='mod(n\\,5)'", "-fps_mode", "passthrough", "-enc_time_base", "1:30")
    run = process(clip, tmp_path, InferSettings(formats=("npz", "mp4")))
    kept = [i for i in range(20) if i % 5]
    expected = [(i - 1) / 30 for i in kept]
    np.testing.assert_array_equal(run.arrays.frame_index, np.arange(16))
    np.testing.assert_allclose(run.arrays.time_s, expected, atol=1e-4)
    assert shown_numbers(run.path(".overlay.mp4"), clips.number_in) == kept
    np.testing.assert_allclose(overlay_times_s(run.path(".overlay.mp4")), expected, atol=1e-4)


def test_ntsc_rates_stay_exact(clips, tmp_path: Path) -> None:
    run = process(clips.make("ntsc.mp4", rate="30000/1001"), tmp_path, InferSettings(formats=("npz", "mp4")))
    assert run.arrays.fps == 30000 / 1001
    np.testing.assert_allclose(run.arrays.time_s, np.arange(20) * 1001 / 30000, atol=1e-9)
    assert probe(str(run.path(".overlay.mp4"))).fps == Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"person": "0"}, "--person '0' is not all, largest, longest or an id"),
        ({"person": "tallest"}, "--person 'tallest'"),
        ({"fps": Fraction(-1)}, "--fps must be above 0"),
    ],
)
def test_settings_without_sense_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        replace(NPZ, **changes)
