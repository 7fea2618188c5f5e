"""The mapper from plain values to messages: every rule, every kind of mistake."""

import pytest
from winnow.errors import FieldViolation
from winnow.spec import SpecError, join, load
from winnow.v1 import dataset_schema_pb2, job_spec_pb2

JOB = {
    "dataset": "adult",
    "feature_selection": {
        "budget": {"max_count": 6},
        "groups": {"location": ["native-country"]},
        "must_keep": ["age"],
    },
    "selector": {"sequential_attention": {}},
    "model": {"mlp": {"hidden_units": [64, 32], "embedding_dimension": 8}},
    "training": {"epochs": 20, "optimizer": "adamw", "learning_rate": 0.001, "seed": None},
    "evaluation": {"metrics": ["auc"], "controls": [], "curve": "all"},
}


def test_a_job_file_fills_the_message():
    spec = load(JOB, job_spec_pb2.JobSpec())
    assert spec.feature_selection.groups["location"].values == ["native-country"]
    assert spec.model.mlp.hidden_units.values == [64, 32]
    assert spec.training.optimizer == job_spec_pb2.Training.OPTIMIZER_ADAMW
    assert spec.selector.HasField("sequential_attention")
    assert spec.evaluation.curve_all and not spec.evaluation.HasField("curve")
    assert spec.evaluation.HasField("controls") and not spec.evaluation.controls.values
    assert not spec.training.HasField("seed")


def test_a_bare_name_chooses_a_member():
    spec = load({"selector": "random", "model": "linear"}, job_spec_pb2.JobSpec())
    assert spec.selector.HasField("random") and spec.model.HasField("linear")


def test_yaml_and_mapping_agree(tmp_path):
    path = tmp_path / "job.yaml"
    path.write_text("dataset: a\nfeature_selection: {budget: {max_count: 2}}\n")
    expected = load(
        {"dataset": "a", "feature_selection": {"budget": {"max_count": 2}}}, job_spec_pb2.JobSpec()
    )
    assert load(path, job_spec_pb2.JobSpec()) == expected


@pytest.mark.parametrize(
    ("spec", "path", "words"),
    [
        ({"trainin": {}}, "trainin", "did you mean training?"),
        ({"training": {"learning_rate": "fast"}}, "training.learning_rate", "expected a number"),
        ({"training": {"batch_size": 2.5}}, "training.batch_size", "expected a whole number"),
        ({"training": {"optimizer": "adem"}}, "training.optimizer", "adam, adamw, sgd"),
        ({"training": {"early_stopping": 1}}, "training.early_stopping", "expected true or false"),
        ({"training": 3}, "training", "expected a mapping"),
        ({"evaluation": {"metrics": "auc"}}, "evaluation.metrics", "expected a list"),
        ({"dataset": 3}, "dataset", "expected a text"),
        ({"labels": {"a": 1}}, "labels.a", "expected a text"),
    ],
)
def test_a_mistake_is_named_with_its_path(spec, path, words):
    with pytest.raises(SpecError) as caught:
        load(spec, job_spec_pb2.JobSpec())
    (violation,) = caught.value.violations
    assert violation.path == path
    assert words in violation.message


def test_all_mistakes_come_at_once():
    with pytest.raises(SpecError) as caught:
        load({"a": 1, "training": {"b": 1, "seed": "x"}}, job_spec_pb2.JobSpec())
    assert [v.path for v in caught.value.violations] == ["a", "training.b", "training.seed"]


def test_a_schema_takes_the_same_spellings():
    schema = load(
        {
            "comment": None,
            "missing": ["?"],
            "target": {"column": "income", "kind": "binary", "positive": [">50K"]},
            "columns": {"job": {"kind": "categorical", "vocabulary": "dictionary"}},
        },
        dataset_schema_pb2.DatasetSchema(),
    )
    assert schema.missing.values == ["?"]
    assert schema.columns["job"].vocabulary.HasField("dictionary")
    assert not schema.HasField("comment")


def test_what_the_server_finds_joins_what_the_form_lacks():
    def paths(form, values):
        made = [[FieldViolation(path, "is wrong") for path in part] for part in (form, values)]
        return [violation.path for violation in join(*made)]

    assert paths(["training.epochz"], ["training.learning_rate"]) == [
        "training.epochz",
        "training.learning_rate",
    ]
    # A field that could not be read, and what holds it, cannot be right.
    assert paths(["feature_selection.budget.max_cuont"], ["feature_selection.budget"]) == [
        "feature_selection.budget.max_cuont"
    ]
    assert paths(["selector"], ["selector.stg.steps"]) == ["selector"]
    assert paths(["featur_selection"], ["task", "training.seed"]) == [
        "featur_selection",
        "training.seed",
    ]
    assert paths(["training.epochz"], ["task"]) == ["training.epochz", "task"]


def test_what_could_be_read_is_there_beside_the_mistakes():
    spec = job_spec_pb2.JobSpec()
    with pytest.raises(SpecError):
        load({"dataset": "adult", "training": {"learning_rate": -1, "epochz": 3}}, spec)
    assert spec.dataset == "adult"
    assert spec.training.learning_rate == -1
