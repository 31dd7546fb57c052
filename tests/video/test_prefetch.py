"""A producer in its own thread: order, bounds, errors, and a clean end."""

import _thread
import threading
import time

import pytest

from videopose.video import VideoReader, prefetch


def prefetch_threads():
    return [thread for thread in threading.enumerate() if thread.name == "prefetch"]


def counting(log, count=100):
    try:
        for number in range(count):
            log.append(number)
            yield number
    finally:
        log.append("closed")


@pytest.mark.parametrize("depth", [1, 4, 1000])
def test_items_come_in_order_and_all(depth):
    log = []
    assert list(prefetch(counting(log), depth)) == list(range(100))
    assert log == [*range(100), "closed"]
    assert not prefetch_threads()


def test_none_is_an_item_like_any_other():
    assert list(prefetch([None, 1, None])) == [None, 1, None]


def test_nothing_to_produce():
    assert list(prefetch([])) == []


def test_the_producer_runs_in_another_thread():
    producers = set(prefetch(threading.current_thread().name for _ in range(3)))
    assert producers == {"prefetch"}


def test_no_more_than_depth_is_made_ahead():
    log = []
    items = prefetch(counting(log), depth=3)
    next(items)
    deadline = time.monotonic() + 5
    while len(log) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.1)
    # one handed out, three waiting, one in the producer's hands
    assert log == [0, 1, 2, 3, 4]
    items.close()


@pytest.mark.parametrize("taken", [1, 5, 99])
def test_stopping_early_closes_the_producer(taken):
    log = []
    items = prefetch(counting(log), depth=2)
    for _ in range(taken):
        next(items)
    items.close()
    assert log[-1] == "closed"
    assert not prefetch_threads()


def test_an_error_of_the_producer_comes_after_its_items():
    def failing():
        yield 1
        yield 2
        raise LookupError("no third")

    items = prefetch(failing(), depth=5)
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(LookupError, match="no third"):
        next(items)
    assert not prefetch_threads()


def test_an_error_of_what_is_no_iterable():
    with pytest.raises(TypeError):
        list(prefetch(5))
    assert not prefetch_threads()


def test_an_error_of_the_consumer_ends_the_thread():
    log = []
    with pytest.raises(ZeroDivisionError):
        for number in prefetch(counting(log), depth=2):
            1 / (number - 3)
    assert log[-1] == "closed"
    assert not prefetch_threads()


def test_an_interrupt_while_waiting_ends_the_thread():
    log = []

    def slow():
        try:
            yield 0
            time.sleep(0.3)
            _thread.interrupt_main()
            time.sleep(0.3)
            yield 1
        finally:
            log.append("closed")

    with pytest.raises(KeyboardInterrupt):
        list(prefetch(slow()))
    assert log == ["closed"]
    assert not prefetch_threads()


@pytest.mark.parametrize("begins_after_s", [0.0, 0.2], ids=["just begun", "about to begin"])
def test_an_interrupt_while_the_thread_starts_ends_it(monkeypatch, begins_after_s):
    begin = threading.Thread.start

    def interrupted(thread):
        if thread.name != "prefetch":
            begin(thread)
            return
        threading.Timer(begins_after_s, begin, [thread]).start() if begins_after_s else begin(thread)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    log = []
    with pytest.raises(KeyboardInterrupt):
        next(prefetch(counting(log)))
    assert log[-1] == "closed"
    assert not prefetch_threads()


def test_a_depth_below_one_is_refused_at_once():
    with pytest.raises(ValueError, match="depth"):
        prefetch([1], depth=0)


def test_a_reader_left_early_leaves_no_ffmpeg(clips, no_child_left):
    with VideoReader(str(clips.make("many.mp4", frames=200))) as reader:
        for frame in prefetch(reader, depth=2):
            if frame.index == 3:
                break
    no_child_left()
    assert not prefetch_threads()
