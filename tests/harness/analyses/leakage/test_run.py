"""`bench leakage`: the wrong protocol is what it says and opens nowhere else, and every protocol is really run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from calls import bench, study_file
from tiny_study import STUDY

from harness.analyses.leakage.options import LeakageOptions
from harness.analyses.leakage.plan import protocol_of
from harness.analyses.leakage.run import cells_under_protocols
from harness.analyses.leakage.worth import PROTOCOLS
from harness.data.augmented_copies import copies
from harness.data.copies_before_split import AugmentedBeforeSplit, AugmentedFirst, leak_on_purpose, source_of
from harness.data.corpora import Workspace, open_corpus
from harness.data.features import features, padded_samples
from harness.evaluation.audit import audit_runs
from harness.evaluation.rows import rows
from harness.study.files import component
from harness.tracking.run_record import RunTags
from harness.tracking.store import Store
from registry.augmentation import Augmentation
from registry.augmentations.gain import Gain
from registry.augmentations.noise import Noise
from registry.augmentations.time_shift import TimeShift
from registry.corpora.synthetic import Synthetic
from registry.corpus import Corpus
from registry.errors import Declined, UsageError
from registry.feature_space import FeatureSpace
from registry.feature_spaces.energy import Energy
from registry.splits.random_80_20 import Random8020

LOADER = Synthetic(n_speakers=3, n_sentences=2)
CORPUS = open_corpus(LOADER, None)


def wrong(space: FeatureSpace, augmentation: Augmentation) -> Corpus:
    first = AugmentedFirst(corpus=LOADER, augmentation=augmentation, sample_rate=space.sample_rate, samples=padded_samples(CORPUS, space))
    with leak_on_purpose():
        return open_corpus(first, None)


@pytest.mark.parametrize(("space", "pad_first"), [
    (FeatureSpace(features=(Energy(),), join="channels", duration_s=0.5), False),
    (FeatureSpace(features=(Energy(),), join="channels", duration_s=3.0, sample_rate=8_000), True)])
def test_the_copies_are_those_that_are_made_of_training_clips_elsewhere_but_of_every_clip(
        space: FeatureSpace, pad_first: bool, tmp_path: Path) -> None:
    augmentation = Augmentation(copies=(Noise(), TimeShift(), Noise()), pad_first=pad_first)
    honest = copies(CORPUS, np.arange(len(CORPUS)), space, augmentation, 0, tmp_path, workers=1)
    corpus = wrong(space, augmentation)
    assert len(corpus) == 4 * len(CORPUS) and [clip.id for clip in corpus.clips] == sorted(clip.id for clip in corpus.clips)
    made = features(corpus, space, tmp_path, workers=1)
    place = {clip.id: i for i, clip in enumerate(corpus.clips)}
    for number, array in enumerate([features(CORPUS, space, tmp_path, workers=1), *honest]):
        ids = [f"{clip.id}~{number}" if number else clip.id for clip in CORPUS.clips]
        assert np.array_equal(made[[place[name] for name in ids]], array)


def test_the_wrong_protocol_scores_the_very_clips_of_the_random_one_and_trains_on_copies_of_all_parts_but_on_no_more() -> None:
    corpus, honest = wrong(STUDY.feature_spaces[0], Augmentation(copies=(Gain(), Noise()))), Random8020()(CORPUS)
    split = AugmentedBeforeSplit(split=Random8020())(corpus)
    ids = {part: [corpus.clips[i].id for i in getattr(split, part)] for part in ("train", "validation", "test")}
    assert ids["test"] == [CORPUS.clips[i].id for i in honest.test]
    assert ids["validation"] == [CORPUS.clips[i].id for i in honest.validation]
    originals = {CORPUS.clips[i].id for i in honest.train}
    assert originals < set(ids["train"]) and len(set(ids["train"])) == len(ids["train"]) == 3 * len(honest.train)
    emotions = np.bincount(CORPUS.labels[honest.train])
    for place in ("1", "2"):
        drawn = [i for i in split.train if corpus.clips[i].id.endswith(f"~{place}")]
        assert np.array_equal(np.bincount(corpus.labels[drawn]), emotions), "as many copies of each emotion as after the split"
    assert {source_of(corpus.clips[i]) for i in split.train} & set(ids["test"]), "and copies of test clips are among them"
    assert sorted(np.concatenate([split.train, split.validation, split.test, split.left_out])) == list(range(len(corpus)))


def test_the_wrong_corpus_and_protocol_open_nowhere_else(tmp_path: Path) -> None:
    for kind, name in (("corpora", "augmented_first"), ("splits", "augmented_before_split")):
        with pytest.raises(UsageError, match=f"is called '{name}'"):
            component(kind, name)
    with pytest.raises(UsageError, match="opened by `bench leakage` alone"):
        AugmentedFirst(corpus=LOADER, augmentation=Augmentation(copies=(Gain(),)), sample_rate=16_000,
                       samples=16_000).load(None)
    with pytest.raises(Declined, match="it holds no copies"):
        AugmentedBeforeSplit(split=Random8020())(CORPUS)
    own = study_file(tmp_path, "splits=(AugmentedBeforeSplit(split=Random8020()),), corpus=AugmentedFirst(corpus=STUDY.corpus, "
                     "augmentation=Augmentation(copies=(Gain(),)), sample_rate=16000, samples=16000)",
                     preamble="from harness.data.copies_before_split import *\nfrom registry.augmentation import Augmentation\n"
                              "from registry.augmentations.gain import Gain")
    outcome = bench("run", "--study", own, "--home", tmp_path / "home")
    assert outcome.code == 2 and "opened by `bench leakage` alone" in outcome.err


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
                             (("--copies", "mixup"), "list it under on_the_fly"), (("--set", "training.epoch=1"), "training.epochs")):
        outcome = bench("leakage", "--study", "quickstart", "--corpus", "synthetic", *wrong_call, "--home", tmp_path / "home")
        assert outcome.code == 2 and message in outcome.err and not (tmp_path / "home").exists()
    assert LeakageOptions("quickstart").copies == ("noise", "time_shift")
