"""The figures of a bundle in the form of Every Eval Ever, one file a row, by which evaluations of many origins are put side by side.

Reference: the EvalEval Coalition's schema of aggregate results, version 0.3.0; its package `every-eval-ever` validates these files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from harness.evaluation.bundled_runs import as_json
from harness.evaluation.intervals import SCORES
from harness.tracking.run_record import RunRecord

FOLDER, SCHEMA = "every_eval_ever/", "0.3.0"
METRICS = {"uar": ("recall_macro", "recall"), "wa": ("accuracy", "accuracy"), "macro_f1": ("f1_macro", "f1")}
"""Score -> its id and kind in that form."""
OF_ROWS = ("class", "feature_space", "architecture", "augmentation", "recipe", "parameters", "hardware", "commit")
OF_BOARDS = ("protocol", "coverage", "corpus_label", "corpus_fingerprint", "split_fingerprint", "shares_speakers", "synthetic")
NOT_STATED = "not stated"  # a study does not know who runs it
INTERVAL = "Student's t and the standard error of a bootstrap over test speakers and of trainings"


def eval_files(study: str, record: bytes, seeds: Sequence[RunRecord]) -> dict[str, bytes]:
    """Name -> content for each row that has finals. Args: record: the bundle's `record.json`. seeds: its runs that were scored on test."""
    document, started = json.loads(record), {seed.run_id: seed.started_at for seed in seeds}
    return {f"{FOLDER}{row['cell']}.json": as_json(_log(study, document["bench"], board, row, started))
            for board in document["studies"][study]["leaderboards"] for row in board["rows"] if row["seeds"]}


def _log(study: str, bench: str, board: Mapping[str, Any], row: Mapping[str, Any], started: Mapping[str, float]) -> dict[str, Any]:
    """One file. The times are those of trainings, so that the same runs give the same bytes."""
    at = max(started.get(run, 0.0) for run in row["seed_runs"])
    model = f"ser-bench/{study}-{row['cell']}"
    return {"schema_version": SCHEMA, "evaluation_id": f"{study}/{model}/{int(at)}",
            "evaluation_timestamp": datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds"), "retrieved_timestamp": str(int(at)),
            "source_metadata": {"source_name": f"{study}, a study of ser-bench", "source_type": "evaluation_run",
                                "source_organization_name": NOT_STATED, "evaluator_relationship": "first_party"},
            "eval_library": {"name": "ser-bench", "version": bench}, "model_info": _model(model, row),
            "evaluation_results": [_result(score, board, row) for score in SCORES]}


def _model(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    known = {key: row[key] for key in OF_ROWS} | {"pretrained": ", ".join(row["pretrained"])}
    return {"name": row["name"], "id": name,
            "additional_details": {"deployment_type": "self_deployed", "model_availability": "unknown", **_texts(known)}}


def _result(score: str, board: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    figure, (metric, kind) = row["test"][score], METRICS[score]
    details = _texts({"standard_deviation_over_seeds": figure["sd"], "seeds": row["seeds"], "test_openings": row["test_openings"],
                      **({"rank": row["rank"]} if score == "uar" else {}), "marks": "; ".join(row["marks"])})
    data = {**{key: board[key] for key in OF_BOARDS}, "part": "test", "test_clips": board["clips"].get("test"),
            "test_speakers": board["speakers"].get("test"), "emotions": ", ".join(board["emotions"])}
    bounds = {"confidence_interval": {"lower": figure["low"], "upper": figure["high"], "confidence_level": 0.95, "method": INTERVAL}}
    return {"evaluation_result_id": f"{row['cell']}/{score}", "evaluation_name": f"{board['corpus']}, {board['protocol']}",
            "source_data": {"dataset_name": board["corpus"], "source_type": "other", "additional_details": _texts(data)},
            "metric_config": {"evaluation_description": f"{SCORES[score]} on the test part, mean over seeds", "metric_id": metric,
                              "metric_name": SCORES[score], "metric_kind": kind, "metric_unit": "proportion", "lower_is_better": False,
                              "score_type": "continuous", "min_score": 0.0, "max_score": 1.0},
            "score_details": {"score": figure["mean"], "details": details,
                              **({"uncertainty": bounds} if figure["low"] is not None else {})}}


def _texts(facts: Mapping[str, Any]) -> dict[str, str]:
    """As the schema has them: texts, and none that is not known."""
    return {key: str(fact) for key, fact in facts.items() if fact not in (None, "")}
