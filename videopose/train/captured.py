"""Steps of training replayed as CUDA graphs: a GPU then never waits for Python."""

from collections.abc import Callable

import torch
from torch import Tensor

_EAGER_STEPS = 3
"""Steps done as usual before: libraries set themselves up in them, which a graph must not contain."""


class CapturedStep:
    """A step that depends on nothing but the examples' numbers and tensors that stay where they are."""

    def __init__(self, step: Callable[[Tensor], Tensor]) -> None:
        """Set up.

        Args:
            step: trains on the examples (N,) and returns a tensor; must not wait for the GPU.
        """
        self._step = step
        self._done = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._chosen = self._result = torch.empty(0)

    def __call__(self, chosen: Tensor) -> Tensor:
        """Do a step on the examples (N,), always as many.

        Returns:
            What the step returns; valid until the next call.
        """
        self._done += 1
        if self._done <= _EAGER_STEPS:
            stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                result = self._step(chosen)
            torch.cuda.current_stream().wait_stream(stream)
            return result
        if self._graph is None:
            self._chosen = chosen.clone()
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                self._result = self._step(self._chosen)
        self._chosen.copy_(chosen)
        self._graph.replay()
        return self._result
