"""Every model and optimizer, step by step, against numpy in double precision and against PyTorch.

PyTorch is no dependency: the tests against it run when WINNOW_TORCH_PYTHON names a Python that has
torch, or this one has it.
"""

import os
import pathlib
import subprocess
import sys

import numpy
import pytest
from parity import reference_steps, steps_file

REPO = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("WINNOW_BIN_DIR", REPO / "build" / "release" / "bin"))
MODELS = ["linear", "mlp", "dlrm_dot", "dlrm_concat", "dlrm_flat"]
OPTIMIZERS = ["sgd", "adam", "lazy_adam", "adagrad"]

# Single precision, u = 6e-8, sums of 128 rows through up to five layers: a gradient is right to
# about 1e-5 of the largest one of its tensor. Plain descent passes that on. Adam and Adagrad divide
# by the gradient's own size, so where a gradient is near 0 a parameter's step of one rate may
# differ by a share of it. Measured against PyTorch 2.15, over all models, as a share of the largest
# change of a tensor: sgd 4e-5, Adam 7e-4, Adagrad 1e-5; losses 2e-7.
LOSS = 2e-6
SHARE_OF_MOVE = {"sgd": 2e-4, "adam": 5e-3, "lazy_adam": 5e-3, "adagrad": 1e-3}


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """(model, optimizer) -> path of what training_steps wrote."""
    folder, made = tmp_path_factory.mktemp("steps"), {}
    if not (BIN / "training_steps").exists():
        pytest.skip(f"{BIN / 'training_steps'} is not built")

    def path(model: str, optimizer: str) -> pathlib.Path:
        key = (model, optimizer)
        if key not in made:
            made[key] = folder / f"{model}-{optimizer}.safetensors"
            subprocess.run([BIN / "training_steps", model, optimizer, made[key]], check=True)
        return made[key]

    return path


@pytest.fixture(scope="module")
def torch_steps(steps, tmp_path_factory):
    """(model, optimizer) -> what PyTorch made of the same start; skips without PyTorch."""
    python = os.environ.get("WINNOW_TORCH_PYTHON", sys.executable)
    found = subprocess.run([python, "-c", "import torch"], capture_output=True, check=False)
    if found.returncode != 0:
        pytest.skip(f"{python} has no torch; WINNOW_TORCH_PYTHON may name a Python that has it")
    folder, arguments, made = tmp_path_factory.mktemp("torch"), [], {}
    for model in MODELS:
        for optimizer in OPTIMIZERS:
            made[model, optimizer] = folder / f"{model}-{optimizer}.npz"
            arguments += [steps(model, optimizer), optimizer, made[model, optimizer]]
    script = REPO / "tests" / "parity" / "torch_steps.py"
    subprocess.run([python, script, *arguments], check=True)
    return {key: dict(numpy.load(path)) for key, path in made.items()}


def expect_same(arrays: dict, losses: list, after: dict, optimizer: str) -> None:
    """Losses of all steps, and every tensor after the steps that were written."""
    numpy.testing.assert_allclose(arrays["loss"], losses, rtol=LOSS)
    start = steps_file.parameters(arrays, 0)
    for step in (1, 10):
        for name, ours in steps_file.parameters(arrays, step).items():
            theirs = after[step][name]
            moved = numpy.abs(theirs - start[name]).max()
            bound = SHARE_OF_MOVE[optimizer] * moved + 3e-7 * step
            worst = numpy.abs(ours - theirs).max()
            assert worst <= bound, f"{name} after {step} steps: {worst:.3g} > {bound:.3g}"


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("model", MODELS)
def test_steps_equal_the_reference(steps, model, optimizer):
    arrays, metadata = steps_file.read(steps(model, optimizer))
    losses, after = reference_steps.train(arrays, metadata, optimizer)
    expect_same(arrays, losses, after, optimizer)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("model", MODELS)
def test_steps_equal_torch(steps, torch_steps, model, optimizer):
    theirs = torch_steps[model, optimizer]
    arrays, _ = steps_file.read(steps(model, optimizer))
    after = {step: steps_file.parameters(theirs, step) for step in (1, 10)}
    expect_same(arrays, list(theirs["loss"]), after, optimizer)


def test_one_wrong_row_is_noticed(steps):
    """The comparison can fail: Adam that moves all rows is not the one that moves the batch's."""
    arrays, metadata = steps_file.read(steps("mlp", "lazy_adam"))
    losses, after = reference_steps.train(arrays, metadata, "adam")
    with pytest.raises(AssertionError):
        expect_same(arrays, losses, after, "lazy_adam")
