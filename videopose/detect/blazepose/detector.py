"""The embedded detector: BlazePose's two networks, made to see everyone in a video."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from videopose.assets import Progress, asset_path, get_asset
from videopose.detect.blazepose import search
from videopose.detect.blazepose.follow import first_duplicates, follow
from videopose.detect.blazepose.networks import NetworkFiles, NetworkPool
from videopose.detect.blazepose.pose import Candidate, Pose
from videopose.detect.blazepose.result import as_detections
from videopose.detect.blazepose.windows import SearchPlan
from videopose.types import Detections, Frame

CHUNK_S = 0.4
"""Every so often the picture is searched for new people; what was found is followed back to the last search."""
CHUNK_FRAMES = 12
"""Most frames held at a time."""
CHUNK_BYTES = 128 * 2**20
"""Most memory the held frames take; at least two are."""
REJECTED_S = 1.0
"""A proposal that did not stand the second look is not looked at again for this time, unless its score is high."""
SETTLED_S = 0.5
"""The same for one that turned out to be somebody known: they may be about to part."""
LOST_S = 1.0
"""So long the place where somebody was lost is watched."""
PEOPLE_ASSET, LANDMARKS_ASSET = "blazepose-detector", "blazepose-landmarks"


@dataclass(frozen=True, slots=True)
class _Memory:
    """A place and when it mattered."""

    candidate: Candidate
    time_s: float


class BlazePoseDetector:
    """Finds and follows every visible person; see `Detector` for the methods.

    Frames are taken in short chunks. People known at a chunk's start are followed through it, each on their own
    thread; meanwhile its last frame is searched for people not yet known, who are then followed backwards.
    """

    name = "blazepose"
    layout = "coco17"
    looks_alone = False

    def __init__(self, *, threads: int = 2, progress: Progress | None = None) -> None:
        """Fetch the networks if need be and load them.

        Args:
            threads: how many networks run at a time; the results do not depend on it.
            progress: called with (bytes done, bytes in all) while the networks are fetched.

        Raises:
            AssetError: the networks cannot be had or are broken.
            VideoposeError: the runtime for them is not installed.
        """
        files = NetworkFiles(
            asset_path(PEOPLE_ASSET, progress=progress), asset_path(LANDMARKS_ASSET, progress=progress)
        )
        self._pool = NetworkPool(files, max(1, threads))

    def detect(self, frames: Iterable[Frame]) -> Iterator[Detections]:
        """Yield one `Detections` per frame, in order, holding at most `CHUNK_FRAMES` frames."""
        stream: _Stream | None = None
        for chunk in chunks(frames):
            height, width = chunk[0].image.shape[:2]
            if stream is None or stream.size != (width, height):
                stream = _Stream(self._pool, width, height)
            found = stream.process(chunk)
            del chunk  # these frames are done with before the next ones are read
            yield from found

    def provenance(self) -> dict[str, Any]:
        """Name, weights with their sha256, and settings."""
        names = (PEOPLE_ASSET, LANDMARKS_ASSET)
        return {
            "name": self.name,
            "layout": self.layout,
            "weights": [{"name": name, "sha256": get_asset(name).sha256} for name in names],
            "settings": {
                "proposal_score": search.PROPOSAL_SCORE,
                "confirmed_score": search.CONFIRMED_SCORE,
                "search_every_s": CHUNK_S,
            },
        }

    def close(self) -> None:
        """Stop the threads and free the networks."""
        self._pool.close()


def chunks(frames: Iterable[Frame]) -> Iterator[list[Frame]]:
    """Group frames: the first alone (who is there from the start?), then up to `CHUNK_S` each, one size per group."""
    chunk: list[Frame] = []
    limit = 1
    for frame in frames:
        if chunk and frame.image.shape != chunk[0].image.shape:
            yield chunk
            chunk, limit = [], 1
        chunk.append(frame)
        if len(chunk) >= limit or frame.time_s - chunk[0].time_s >= CHUNK_S:
            yield chunk
            chunk = []
            limit = min(CHUNK_FRAMES, max(2, CHUNK_BYTES // max(1, frame.image.nbytes)))
    if chunk:
        yield chunk


class _Stream:
    """The people of one video, from chunk to chunk."""

    def __init__(self, pool: NetworkPool, width: int, height: int) -> None:
        self.size = (width, height)
        self._pool = pool
        self._plan = SearchPlan(width, height)
        self._people: list[list[Pose]] = []  # of each, the poses since the last search, the latest last
        self._time_s = 0.0
        self._rejected: list[_Memory] = []
        self._settled: list[_Memory] = []
        self._lost: list[_Memory] = []

    def process(self, chunk: Sequence[Frame]) -> list[Detections]:
        """Detections of the chunk's frames."""
        last = chunk[-1]
        following = [
            self._pool.submit(partial(follow, frames=chunk, pose=past[-1], time_s=self._time_s))
            for past in self._people
        ]
        known = [past[-1].following.scaled(1.2) for past in self._people]
        windows = self._plan.choose(last.image, last.time_s, known)
        windows += [m.candidate.window for m in self._lost]
        candidates = search.propose(self._pool, last.image, windows)
        paths = [future.result() for future in following]
        keep = first_duplicates(paths, self._people)
        paths = [path[:count] for path, count in zip(paths, keep, strict=True)]

        going_on = [path for path in paths if len(path) == len(chunk)]
        newcomers = self._newcomers(last, candidates, [path[-1] for path in going_on])
        by_frame = [[path[k] for path in paths if len(path) > k] for k in range(len(chunk))]
        added = self._add_backwards(chunk, newcomers, by_frame)
        self._remember_lost(last.time_s, paths, len(chunk))
        self._people = going_on + added
        self._time_s = last.time_s
        return [as_detections(poses, *self.size) for poses in by_frame]

    def _newcomers(self, frame: Frame, candidates: list[Candidate], known: list[Pose]) -> list[Pose]:
        """The candidates who are people not yet known and stand the second look."""
        self._rejected = _recent(self._rejected, frame.time_s, REJECTED_S)
        self._settled = _recent(self._settled, frame.time_s, SETTLED_S)
        fresh = [
            candidate
            for candidate in candidates
            if not any(candidate.is_near(pose.candidate, 0.15, 1.3) for pose in known)
            and not _is_in(self._settled, candidate)
            and (candidate.score >= search.SURE_SCORE or not _is_in(self._rejected, candidate))
        ]
        looks = self._pool.map([partial(search.second_look, image=frame.image, candidate=c) for c in fresh])
        found: list[Pose] = []
        for candidate, pose in zip(fresh, looks, strict=True):
            if pose is None:
                self._rejected.append(_Memory(candidate, frame.time_s))
            elif any(pose.shares_joints_with(other) for other in (*known, *found)):
                self._settled.append(_Memory(candidate, frame.time_s))
            else:
                found.append(pose)
        return found

    def _add_backwards(
        self, chunk: Sequence[Frame], newcomers: list[Pose], by_frame: list[list[Pose]]
    ) -> list[list[Pose]]:
        """Follow newcomers back through the chunk and put them into its frames, up to where they meet somebody there.

        Returns:
            The poses of each, in order of time.
        """
        earlier = chunk[-2::-1]
        time_s = chunk[-1].time_s
        ways = self._pool.map([partial(follow, frames=earlier, pose=pose, time_s=time_s) for pose in newcomers])
        added = []
        for pose, way in zip(newcomers, ways, strict=True):
            path: list[Pose] = []
            for past, others in zip((pose, *way), reversed(by_frame), strict=False):
                if any(past.is_mixed_with(other) for other in others):
                    break
                others.append(past)
                path.insert(0, past)
            if path:
                added.append(path)
        return added

    def _remember_lost(self, time_s: float, paths: list[list[Pose]], length: int) -> None:
        """Keep an eye on the places where people were lost."""
        self._lost = _recent(self._lost, time_s, LOST_S)
        for past, path in zip(self._people, paths, strict=True):
            if len(path) < length:
                self._lost.append(_Memory((path or past)[-1].candidate, time_s))


def _recent(memories: list[_Memory], time_s: float, limit_s: float) -> list[_Memory]:
    return [memory for memory in memories if 0 <= time_s - memory.time_s < limit_s]


def _is_in(memories: list[_Memory], candidate: Candidate) -> bool:
    return any(candidate.is_near(memory.candidate, 0.2, 1.3) for memory in memories)
