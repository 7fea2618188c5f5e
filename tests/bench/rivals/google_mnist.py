"""Google's Sequential Attention on MNIST: select, then train on the subset, as its experiments do.

    google_mnist.py DATA.npz EPOCHS SEED

DATA.npz holds x_train, y_train, x_test, y_test with x in [0, 1]. Prints one line of JSON: seconds
of selection and of the final training, the pixels, the test accuracy. The models are Google's, from
the folder that PYTHONPATH names; the data pipeline, the permutation and the settings are those of
its experiments/run.py and datasets/dataset.py (defaults: batch 256, learning rate 2e-4, 67 units,
12.5 % of the rows for validation), but for the batch, which is the 512 of both sides here.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["TF_DETERMINISTIC_OPS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy
import tensorflow as tf
from sequential_attention.experiments.models.mlp_sa import SequentialAttentionModel
from sequential_attention.experiments.models.mlp_sparse import SparseModel

BATCH, PICKS = 512, 50


def pipeline(x: Any, y: Any, train: bool) -> Any:
    def encode(row: Any, label: Any) -> Any:
        return tf.cast(row, tf.float32), tf.one_hot(label, 10)

    rows = tf.data.Dataset.from_tensor_slices((x, y)).map(encode)
    if train:
        rows = rows.shuffle(100, reshuffle_each_iteration=True)
    return rows.batch(BATCH, drop_remainder=train)


def main() -> None:
    data, epochs, seed = numpy.load(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    tf.keras.utils.set_random_seed(seed)
    order = numpy.random.permutation(len(data["x_train"]))
    held = len(order) // 8
    x, y = data["x_train"][order], data["y_train"][order]
    train = pipeline(x[:-held], y[:-held], True)
    validation = pipeline(x[-held:], y[-held:], False)
    test = pipeline(data["x_test"], data["y_test"], False)
    settings: dict[str, Any] = {
        "layer_sequence": [67], "is_classification": True, "num_classes": 10,
        "learning_rate": 2e-4, "decay_steps": 250, "decay_rate": 1.0, "alpha": 0,
        "batch_norm": False,
    }  # fmt: skip
    start = time.perf_counter()
    model = SequentialAttentionModel(
        num_inputs=x.shape[1],
        num_inputs_to_select=PICKS,
        num_inputs_to_select_per_step=1,
        num_train_steps=epochs * len(train),
        **settings,
    )
    loss = tf.keras.losses.CategoricalCrossentropy()
    model.compile(loss=loss, metrics=["accuracy"])
    model.fit(train, validation_data=validation, epochs=epochs, verbose=0)
    selected = model.seqatt.selected_features
    selected_seconds = time.perf_counter() - start
    picks = sorted(tf.math.top_k(selected, k=PICKS)[1].numpy().tolist())
    start = time.perf_counter()
    mask = tf.reduce_sum(tf.one_hot(picks, x.shape[1]), 0)
    final = SparseModel(selected_features=mask, **settings)
    final.compile(loss=loss, metrics=["accuracy"])
    final.fit(train, validation_data=validation, epochs=epochs, verbose=0)
    fitted_seconds = time.perf_counter() - start
    accuracy = final.evaluate(test, return_dict=True, verbose=0)["accuracy"]
    print(
        json.dumps(
            {
                "select_s": selected_seconds,
                "fit_s": fitted_seconds,
                "picks": picks,
                "accuracy": accuracy,
            }
        )
    )


if __name__ == "__main__":
    main()
