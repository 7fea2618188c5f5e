"""MNIST: blocks of a layer, and pixels."""

from __future__ import annotations

from claims import claim, mean, value
from session import Session
from tables import import_mnist

BLOCKS = """
dataset: mnist
block_pruning: {layers: [dense_0], block: {rows: 16, columns: 16}, budget: {density: 0.05}}
selector: {sequential_attention_pp: {}}
model: {mlp: {hidden_units: [400, 400]}}
training: {steps: 1500, batch_size: 128}
evaluation: {metrics: [log_loss, accuracy], controls: [full, random, transplant]}
"""


def mnist_blocks(session: Session) -> None:
    import_mnist(session)
    results = session.run_seeds(BLOCKS, 3)
    loss = mean(results, "log_loss")
    claim("MNIST blocks: log-loss <= .095", loss <= 0.095, f"{loss:.4f}")
    found = mean(results, "log_loss", "controls", "transplant")
    random = mean(results, "log_loss", "controls", "random")
    text = f"mask retrained {found:.4f}, random mask {random:.4f}"
    claim("MNIST blocks: mask beats a random mask by .010", found <= random - 0.010, text)
    moved = min(result["layers"][0]["logit_stddev"] for result in results)
    claim("MNIST blocks: logits moved by .15", moved >= 0.15, f"standard deviation {moved:.3f}")


def mnist_features(session: Session) -> None:
    import_mnist(session)
    job = (
        "dataset: mnist\nfeature_selection: {budget: {max_count: 50}}\n"
        "model: {mlp: {hidden_units: [67]}}\nevaluation: {controls: []}\n"
    )
    results = session.run_seeds(job, 3)
    accuracy = mean(results, "accuracy")
    each = " ".join(f"{value(result, 'accuracy'):.4f}" for result in results)
    claim("MNIST k = 50: accuracy >= .955", accuracy >= 0.955, f"{accuracy:.4f} ({each})")
    slowest = max(result["timing"]["select_s"] for result in results)
    claim("MNIST k = 50: selection under 15 s", slowest < 15, f"{slowest:.1f} s")
    # Without backward pruning: 2,222 steps of 512.
    plain = job + "selector: {sequential_attention: {oversample: 1}}\n"
    results = session.run_seeds(plain, 3)
    accuracy = mean(results, "accuracy")
    slowest = max(result["timing"]["select_s"] for result in results)
    text = f"{accuracy:.4f}, selection at most {slowest:.1f} s"
    claim("MNIST k = 50, picked forward only: accuracy >= .955", accuracy >= 0.955, text)
