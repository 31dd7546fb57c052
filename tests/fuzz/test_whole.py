"""What the kinds of cases are together."""

from pathlib import Path

import pytest
from fuzzing.plan import ONLY, PLAN
from fuzzing.runner import Runner


def test_there_are_two_thousand_cases(runner: Runner, request: pytest.FixtureRequest) -> None:
    assert sum(PLAN.values()) >= 2000
    here = Path(__file__).parent
    chosen = bool(ONLY or request.config.option.keyword or any("::" in word for word in request.config.args))
    if not chosen and set(here.glob("test_*.py")) <= {item.path for item in request.session.items}:
        assert set(runner.done) == set(PLAN)
