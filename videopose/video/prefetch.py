"""Letting a producer run ahead in a thread of its own, by a bounded number of items."""

import queue
import threading
import time
from collections.abc import Generator, Iterable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

_BEGINS_WITHIN_S = 2.0
"""A thread that was interrupted before it was started at all never begins."""


def prefetch(items: Iterable[T], depth: int = 4) -> Generator[T]:
    """Hand on items in order while a thread produces the next ones.

    The thread starts with the first item asked for. When the consumer stops early (break, exception, Ctrl-C, `close`),
    the thread finishes the item in work, closes the producer if it is a generator, and ends before this returns.

    Args:
        items: the producer; iterated in the thread only.
        depth: most items produced ahead.

    Yields:
        The items of the producer; its exception, if any, after the items before it.

    Raises:
        ValueError: depth is below 1.
    """
    if depth < 1:
        raise ValueError(f"depth must be at least 1, got {depth}")
    return _prefetch(items, depth)


def _prefetch(items: Iterable[T], depth: int) -> Generator[T]:
    ready: queue.Queue[tuple[T] | BaseException | None] = queue.Queue(depth)
    stop, ended = threading.Event(), threading.Event()
    thread = threading.Thread(target=_produce, args=(items, ready, stop, ended), name="prefetch", daemon=True)
    try:
        thread.start()
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item[0]
    finally:
        stop.set()
        # Ctrl-C may have come while it was starting: then it is on its way, and must not outlive this program's end
        begin_by = time.monotonic() + _BEGINS_WITHIN_S
        while thread.ident is None and time.monotonic() < begin_by:
            time.sleep(0.01)
        # the producer may be waiting for room: make some until it has seen the stop
        while thread.ident is not None and not ended.is_set():
            with suppress(queue.Empty):
                ready.get(timeout=0.02)
        if ended.is_set():
            thread.join()


def _produce(items: Iterable[T], ready: "queue.Queue[Any]", stop: threading.Event, ended: threading.Event) -> None:
    end: BaseException | None = None
    try:
        iterator = iter(items)
        try:
            for item in iterator:
                ready.put((item,))
                if stop.is_set():
                    break
        finally:
            if isinstance(iterator, Generator):
                iterator.close()
    except BaseException as error:
        end = error
    ready.put(end)
    ended.set()
