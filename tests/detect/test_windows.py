import numpy as np
import pytest

from videopose.detect.blazepose.geometry import Region
from videopose.detect.blazepose.windows import RATE, REST_S, SearchPlan, search_windows

SIZES = [(1920, 1080), (1080, 1920), (768, 576), (3840, 2160), (640, 640), (2000, 300), (301, 97), (50, 1000)]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_each_scale_covers_the_frame(width: int, height: int) -> None:
    windows = search_windows(width, height)
    assert (windows[0].x, windows[0].y, windows[0].side) == (width / 2, height / 2, max(width, height))
    y, x = np.mgrid[0.5:height:7, 0.5:width:7]
    for side in {window.side for window in windows}:
        seen = np.zeros(x.shape, bool)
        for w in windows:
            if w.side == side:
                seen |= (abs(x - w.x) <= side / 2) & (abs(y - w.y) <= side / 2)
        assert seen.all(), side


@pytest.mark.parametrize(("width", "height", "count"), [(1920, 1080, 12), (1080, 1920, 12), (120, 80, 1), (1, 1, 1)])
def test_number_of_windows(width: int, height: int, count: int) -> None:
    assert len(search_windows(width, height)) == count


def still(value: int = 90) -> np.ndarray:
    return np.full((432, 768, 3), value, np.uint8)


def test_everything_is_searched_at_first_and_after_a_cut() -> None:
    plan = SearchPlan(768, 432)
    assert plan.choose(still(), 0.0, []) == plan.windows
    assert len(plan.choose(still(), 0.4, [])) == 1
    assert plan.choose(still(200), 0.8, []) == plan.windows


def test_a_still_picture_costs_little_but_each_window_gets_its_turn() -> None:
    plan = SearchPlan(768, 432)
    plan.choose(still(), 0.0, [])
    searched = [plan.choose(still(), 0.4 * k, []) for k in range(1, 30)]
    before_rest = searched[: int(REST_S / 0.4) - 1]
    assert all(windows == plan.windows[:1] for windows in before_rest)
    assert {w for windows in searched for w in windows} == set(plan.windows)


def test_motion_calls_for_the_windows_it_is_in_unless_the_person_is_known() -> None:
    moved = still()
    moved[20:70, 20:70] = 250
    corner = Region(45, 45, 100)
    known, unknown = SearchPlan(768, 432), SearchPlan(768, 432)
    for plan in (known, unknown):
        plan.choose(still(), 0.0, [])
    assert known.choose(moved, 0.4, [corner]) == known.windows[:1]
    chosen = unknown.choose(moved, 0.4, [])
    assert len(chosen) > 1
    assert all(w.x - w.side / 2 < 70 and w.y - w.side / 2 < 70 for w in chosen)


@pytest.mark.parametrize("step_s", [0.4, 0.1, 0.0, -1.0, 50.0], ids=str)
def test_the_budget_holds_while_everything_moves(step_s: float) -> None:
    noise = np.random.default_rng(0)
    plan = SearchPlan(768, 432)
    plan.choose(still(), 0.0, [])
    count = 0
    for k in range(1, 41):
        picture = still()
        for x in range(0, 768, 96):  # something moves in every window, less than a cut
            picture[noise.integers(0, 400) :][:40, x : x + 40] = 250
        count += len(plan.choose(picture, step_s * k, []))
    assert count <= RATE * 40 * min(max(step_s, 0.02), 1.0) + RATE
    assert count >= 1
