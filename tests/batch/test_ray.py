"""A real Ray cluster of processes on this machine: a head without cores and two nodes, one of which is killed."""

import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from videopose.export import read_npz

pytestmark = [pytest.mark.skipif(sys.platform != "linux", reason="counts processes in /proc"), pytest.mark.timeout(900)]

SOME = ("--engine", "ray", "--formats", "npz,mp4", "--threads", "1")


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two nodes with one core each."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        made.nodes = [made.add_node(num_cpus=1) for _ in range(2)]
        made.wait_for_nodes()
        yield made
    finally:
        made.shutdown()


def test_a_node_killed_in_the_middle(batch, ledger_of, people_folder, cluster, tmp_path) -> None:
    ledger = ledger_of(tmp_path / "out")
    program = batch(people_folder, *SOME, "--ray-address", cluster.address)
    program.wait_for(lambda: ledger.count("running") == 2 and ledger.count("done") >= 1, timeout_s=180)
    cluster.remove_node(cluster.nodes[0], allow_graceful=False)
    outcome = program.finish(timeout_s=400)
    assert outcome.code == 0, outcome.err
    assert ledger.count("done") == 6
    assert set(ledger.attempts("done").values()) == {1}
    lost = ledger.rows("SELECT error FROM attempts WHERE outcome = 'failed'")
    assert all("Ray cluster" in error for (error,) in lost)
    paths = sorted((tmp_path / "out").rglob("*.npz"))
    assert [len(read_npz(path).frame_index) for path in paths] == [5, 6, 7, 8, 9, 10]
    assert not (tmp_path / "out" / ".videopose").exists()


def test_ctrl_c_ends_the_tasks_and_the_same_command_goes_on(batch, ledger_of, people_folder, cluster, tmp_path) -> None:
    ledger = ledger_of(tmp_path / "out")
    program = batch(people_folder, *SOME, "--ray-address", cluster.address)
    program.wait_for(lambda: ledger.count("running") == 2, timeout_s=180)
    program.process.send_signal(signal.SIGINT)
    assert program.finish().code == 130
    assert ledger.count("running") == 0
    outcome = batch(people_folder, *SOME, "--ray-address", cluster.address).finish(timeout_s=400)
    assert outcome.code == 0, outcome.err
    assert set(ledger.attempts("done").values()) == {1}


def test_a_cluster_that_is_not_there_is_told(batch, people_folder, tmp_path) -> None:
    outcome = batch(people_folder, *SOME, "--ray-address", "127.0.0.1:1").finish(timeout_s=120)
    assert outcome.code == 1
    assert outcome.complaint().startswith("Ray: no cluster 127.0.0.1:1 (")


def test_without_ray_it_is_told_how_to_get_it(batch, people_folder) -> None:
    gone = "import sys\nsys.modules['ray'] = None"
    outcome = batch(people_folder, *SOME, before=gone).finish()
    assert outcome.code == 2
    assert outcome.complaint() == "--engine ray wants Ray. Install it with: pip install 'videopose[ray]'"
