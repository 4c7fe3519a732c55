"""`bench leakage`: every protocol is really run, in an experiment of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile
from calls import bench, study_file

from harness.analyses.leakage.options import LeakageOptions
from harness.analyses.leakage.plan import protocol_of
from harness.analyses.leakage.run import cells_under_protocols
from harness.analyses.leakage.worth import PROTOCOLS
from harness.data.corpora import Workspace
from harness.evaluation.audit import audit_runs
from harness.evaluation.rows import rows
from harness.tracking.run_record import RunTags
from harness.tracking.store import Store
from registry.corpora.synthetic import Synthetic


@pytest.mark.slow
def test_every_protocol_is_really_run_in_an_experiment_of_its_own_and_the_audit_finds_the_leak(tmp_path: Path) -> None:
    own = study_file(tmp_path, "architectures=STUDY.architectures[:1], corpus=Synthetic(n_speakers=5, n_sentences=3), "
                     "training=Training(epochs=1, batch_size=16)")
    call = ("leakage", "--study", own, "--home", tmp_path, "--seeds", "0", "--copies", "gain", "--set", "training.learning_rate=0.02",
            "--feature-workers", "1")
    outcome = bench(*call)
    assert outcome.code == 0, outcome.err
    text = (tmp_path / "reports" / "leakage.md").read_text(encoding="utf-8")
    assert "; synthetic; 1 seed, so that intervals leave out other trainings; 1 epoch.\n" in text
    assert "--copies gain --set training.learning_rate=0.02`" in text
    assert text.count("copies before the split (WRONG) less random clips, copies after the split") == 1
    assert text.count("copies before the split (WRONG) less unseen speakers, copies after the split") == 1
    assert Store(tmp_path).studies() == [] and Store(tmp_path).studies("leakage") == ["leakage-own"], "its rows are on no leaderboard"
    tracker = Store(tmp_path).experiment("leakage-own", "leakage")
    rows_ = {protocol_of(RunTags(split=row.split, augmentation=row.augmentation)): row for row in rows(tracker.records())}
    assert rows_.keys() == PROTOCOLS.keys() and all(row.label.startswith("zcr+energy") for row in rows_.values())
    predictions = {key: tracker.predictions(rows_[key].seed_runs[0], "test") for key in ("random", "after", "before")}
    assert len({tuple(each.clips) for each in predictions.values() if each}) == 1 and None not in predictions.values()
    audited = audit_runs("leakage-own", Store(tmp_path), Workspace(tmp_path, workers=1))
    assert [run.record.about.split for run in audited if run.failed] == ["augmented_before_split"]
    clips = {key: result.training_clips for cell in cells_under_protocols(Store(tmp_path), "leakage-own")
             for key, result in cell.under.items()}
    assert clips["before"] == clips["after"] == 2 * clips["random"]
    assert bench(*call).code == 0 and len(tracker.records("seed")) == 6, "the same call trains nothing again"
    final, = (r for r in tracker.records("final") if r.tags["bench.split"].startswith("augmented_before"))
    tracker.client.delete_tag(final.run_id, next(key for key in final.tags if key.startswith("bench.compared.")))
    cell = cells_under_protocols(Store(tmp_path), "leakage-own")[0]
    assert cell.under.keys() == PROTOCOLS.keys() - {"before"}, "a side is known by its tag, not by names"


def test_a_call_that_names_what_is_not_there_trains_nothing(tmp_path: Path) -> None:
    for wrong_call, message in ((("--cell", "nope"), "no cell 'nope'"), (("--copies", "nois"), "Did you mean 'noise'"),
                             (("--copies", "mixup"), "list it under on_the_fly"), (("--set", "training.epoch=1"), "training.epochs"),
                             (("--enrolment", "5", "some"), "numbers of clips, or all, not some")):
        outcome = bench("leakage", "--study", "quickstart", "--corpus", "synthetic", *wrong_call, "--home", tmp_path / "home")
        assert outcome.code == 2 and message in outcome.err and not (tmp_path / "home").exists()
    assert LeakageOptions("quickstart").copies == ("noise", "time_shift")


def test_a_corpus_that_copies_before_the_split_do_not_fit_is_declined_before_anything_is_trained(tmp_path: Path) -> None:
    """The honest protocol of unseen speakers fits it; the random one, which the copies come before, does not."""
    made = Synthetic(n_speakers=6, n_sentences=1).load()
    rows_ = ["path,emotion,speaker"]
    for clip in [clip for clip in made.clips if clip.emotion != "SAD"] + [next(clip for clip in made.clips if clip.emotion == "SAD")]:
        soundfile.write(tmp_path / f"{clip.id}.wav", *made.read_clip(clip))
        rows_.append(f"{clip.id}.wav,{clip.emotion},{clip.speaker}")
    (tmp_path / "clips.csv").write_text("\n".join(rows_), encoding="utf-8")
    own = study_file(tmp_path, "architectures=STUDY.architectures[:1]")
    outcome = bench("leakage", "--study", own, "--corpus", "folder", "--data", tmp_path, "--home", tmp_path / "home", "--seeds", "0",
                    "--feature-workers", "1")
    assert outcome.code == 1 and "too few clips of SAD 1" in outcome.err and "augmented_before_split" in outcome.err
    assert not (tmp_path / "home").exists()


LINEAR = """architectures=(LogisticRegression(),), corpus=Synthetic(n_speakers=18, n_sentences=1), search={}, trials=0,
    feature_spaces=(FeatureSpace(features=(ZeroCrossingRate(), Energy()), join="vector", duration_s=None),
                    FeatureSpace(features=(Energy(),), join="vector", duration_s=None, normalise="per_speaker"))"""


@pytest.mark.slow
def test_knowing_the_speaker_is_priced_on_the_same_clips_and_what_does_not_fit_is_told(tmp_path: Path) -> None:
    own = study_file(tmp_path, LINEAR, preamble="from registry.architectures.logistic_regression import LogisticRegression")
    outcome = bench("leakage", "--study", own, "--home", tmp_path, "--seeds", "0", "--copies", "--enrolment", "0", "2", "all",
                    "--feature-workers", "1")
    assert outcome.code == 0, outcome.err
    assert "left out: energy vector mean+std normalise=per_speaker" in outcome.err
    assert "needs 2 clips of each speaker, and speaker" in outcome.err, "each has one neutral clip"
    cell, = cells_under_protocols(Store(tmp_path), "leakage-own")
    assert [(each.enrolment.clips, each.of_emotions) for each in cell.known] == [
        (2, "any"), (None, "any"), (None, "NEU alone"), (2, "all but ANG"), (None, "all but ANG")]
    assert all(each.knowing.test == each.nothing.test for each in cell.known)
    whole = len(cell.under["speakers"].test)
    assert [len(each.knowing.test) for each in cell.known[:2]] == [whole * 4 // 6, whole], "the two known clips of six are not scored"
    assert (tmp_path / "reports" / "leakage" / "1.png").is_file() and cell.under.keys() == {"speakers", "random"}
