"""Which devices torch has here."""

import subprocess
import sys

import pytest
import torch

from videopose.devices import has_cuda, usable_device
from videopose.errors import UsageError


def test_what_torch_has_is_taken() -> None:
    assert has_cuda() == torch.cuda.is_available()
    assert usable_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")
    assert usable_device("cpu") == "cpu"


@pytest.mark.parametrize("name", ["cuda:77", "tpu", "meta"])
def test_a_device_that_is_not_there_is_one_sentence(name: str) -> None:
    with pytest.raises(UsageError, match=rf"--device {name}: torch has none here \(.*\)\. Choose auto") as caught:
        usable_device(name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_torch_is_not_loaded_to_find_that_there_is_no_driver() -> None:
    code = "import sys; from videopose.devices import has_cuda; print(has_cuda(), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    has, loaded = (word == "True" for word in done.stdout.split())
    assert has == torch.cuda.is_available()
    # a driver without a usable GPU is the only reason to ask torch in vain
    assert loaded or not has
