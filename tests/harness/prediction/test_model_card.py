"""The model card: a header that Hugging Face's hub reads, figures as in the report, corpus, licence and limits."""

from __future__ import annotations

import pytest
import yaml
from calls import Ran

from harness.data.corpora import open_corpus
from harness.evaluation.kept_models import kept_model
from harness.evaluation.leaderboard import read_leaderboards
from harness.prediction.model_card import model_card
from harness.prediction.proof import Proof
from harness.tracking.store import Store
from registry.corpora.synthetic import Synthetic

PROOF = Proof(("a", "b"), 6.9e-7, 5.4e-7)


@pytest.fixture(scope="module")
def card(ran: Ran) -> str:
    store = Store(ran.home)
    kept = kept_model(store, "tiny_study")
    about = {"input": "features", "network": "model.onnx", "emotions": Synthetic.emotions,
             "samples": 16_000, "sample_rate": 16_000, "written_by": "ser-bench 0.1.0"}
    return model_card(kept, kept.load(), store, open_corpus(Synthetic(n_speakers=4, n_sentences=2), None), about, PROOF, "")


def test_its_header_is_yaml_with_the_figures_of_the_run(ran: Ran, card: str) -> None:
    _, header, body = card.split("---\n", 2)
    data, run = yaml.safe_load(header), kept_model(Store(ran.home), "tiny_study").run
    assert (data["license"], data["library_name"], data["pipeline_tag"]) == ("other", "onnx", "audio-classification")
    (result,) = data["model-index"][0]["results"]
    assert result["dataset"] == {"name": "synthetic", "type": "synthetic", "config": "unseen_speakers_80_20", "split": "test"}
    assert {metric["type"]: metric["value"] for metric in result["metrics"]} == {
        "recall": pytest.approx(run.metrics["test/uar"], abs=1e-4), "accuracy": pytest.approx(run.metrics["test/wa"], abs=1e-4),
        "f1": pytest.approx(run.metrics["test/macro_f1"], abs=1e-4)}
    assert body.lstrip().startswith("# tiny\\_study") or body.lstrip().startswith("# tiny_study")


def test_the_hubs_own_package_reads_the_figures_of_the_run_from_it(ran: Ran, card: str) -> None:
    hub = pytest.importorskip("huggingface_hub")
    data, run = hub.ModelCard(card, ignore_metadata_errors=False).data, kept_model(Store(ran.home), "tiny_study").run
    assert data.model_name.startswith("tiny_study: ") and len(data.eval_results) == 3
    for result, (kind, score) in zip(data.eval_results, (("recall", "uar"), ("accuracy", "wa"), ("f1", "macro_f1")), strict=True):
        assert (result.metric_type, result.metric_value) == (kind, pytest.approx(run.metrics[f"test/{score}"], abs=1e-4))
        assert (result.task_type, result.dataset_type, result.dataset_split) == ("audio-classification", "synthetic", "test")
        assert result.dataset_config == "unseen_speakers_80_20"
    index = yaml.safe_load(card.split("---\n", 2)[1])["model-index"]
    assert [each["task"]["type"] for each in data.to_dict()["model-index"][0]["results"]] == ["audio-classification"]
    assert data.to_dict()["model-index"][0]["results"][0]["metrics"] == index[0]["results"][0]["metrics"]


def test_it_says_what_a_user_must_know(ran: Ran, card: str) -> None:
    for part in ("## Use it", "## Intended use", "Not for decisions about people", "## Training", "none needed: computed", "## Figures",
                 "UAR of chance", "## Limits", "speakers whom it has not heard", "says nothing about speech", "6.9e-07",
                 "python front_end.py"):
        assert part in card, part
    board = next(board for board in read_leaderboards(Store(ran.home), "tiny_study")[1] if board.rows[0].split == "unseen_speakers_80_20")
    assert f"{board.rows[0].test['uar'][0]:.3f} ±" in card
