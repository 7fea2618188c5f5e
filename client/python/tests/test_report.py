"""The report page and its summary, from a small result."""

import json

from winnow.report import main, page, summary


def _result(auc, seed):
    def test(value):
        return {"test": {"auc": {"value": value, "low": value - 0.01, "high": value + 0.01}}}

    return {
        "job": "tenants/default/jobs/j1",
        "task": "feature_selection",
        "selector": "sequential_attention",
        "seed": seed,
        "candidates": 14,
        "selected": [{"rank": 1, "name": "a<b", "score": 0.5, "gain": None}],
        "metrics": test(auc),
        "controls": {"full": test(0.9), "random": {"test": {"auc": {"value": None}}}},
        "curve": [{"k": 1, **test(0.7)}, {"k": 4, **test(0.85)}],
    }


def test_summary_gives_means_and_says_what_is_undefined():
    text = summary([_result(0.80, 1), _result(0.90, 2)])
    assert "mean of 2 seeds" in text
    assert "selected (1 of 14)       0.8500" in text
    assert "random                   undefined" in text


def test_page_escapes_names_and_draws_every_point():
    text = page([_result(0.8, 1)])
    assert "a&lt;b" in text and "a<b" not in text
    assert text.count("<circle") == 2


def test_repeats_and_the_capacity_matched_model_are_shown():
    result = _result(0.8, 1)
    assert "Kuncheva" not in page([result]) and "capacity matched" not in page([result])
    result["repeats"] = {
        "count": 2,
        "jaccard": 0.3333,
        "kuncheva": None,
        "frequency": [{"name": "a<b", "times": 2, "frequency": 1.0}],
        "selections": [{"seed": 1, "selected": ["a<b"]}, {"seed": 2, "selected": ["a<b"]}],
    }
    result["capacity_matched"] = {"hidden_units": [99], **result["metrics"]}
    text = page([result])
    assert "Selections of 2 seeds" in text and "Kuncheva index -" in text
    assert "capacity matched" in text and "a<b" not in text


def test_without_a_curve_the_page_says_so():
    result = _result(0.8, 1)
    result["curve"] = []
    assert "No curve was asked for" in page([result])


def test_command_line_writes_the_page(tmp_path, capsys):
    source = tmp_path / "result.json"
    source.write_text(json.dumps(_result(0.8, 1)))
    assert main([str(source), "-o", str(tmp_path / "r.html"), "--summary"]) == 0
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")
    assert "test auc" in capsys.readouterr().out
    assert main([str(tmp_path / "absent.json"), "-o", str(tmp_path / "r.html")]) == 2
