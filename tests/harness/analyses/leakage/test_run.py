"""What leaks are worth: the wrong protocol is what it says and opens nowhere else; differences and the report hold with made figures."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from calls import bench, study_file
from scipy.stats import t as student
from tiny_study import STUDY

from harness.analyses.leakage.plan import PlannedCell, parts, planned_cells, protocol_of, protocols
from harness.analyses.leakage.report import leakage_markdown, marks, points, worth
from harness.analyses.leakage.run import LeakageOptions, cells_under_protocols
from harness.analyses.leakage.worth import PROTOCOLS, CellUnderProtocols, ProtocolResult, difference, uar
from harness.data.augmented_copies import copies
from harness.data.copies_before_split import AugmentedBeforeSplit, AugmentedFirst, leak_on_purpose, source_of
from harness.data.corpora import Workspace, open_corpus
from harness.data.features import features, padded_samples
from harness.evaluation.audit import audit_runs
from harness.evaluation.rows import rows
from harness.study.cells import plan
from harness.study.definition import Recipe, Study
from harness.study.files import parse_component
from harness.study.trial import Training
from harness.tracking.run_record import RunRecord
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
from registry.splits.random_70_30 import Random7030
from registry.splits.random_80_20 import Random8020
from registry.splits.unseen_sentences import UnseenSentences
from registry.splits.unseen_speakers_70_30 import UnseenSpeakers7030

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
            parse_component(kind, name)
    with pytest.raises(UsageError, match="opened by `bench leakage` alone"):
        AugmentedFirst(corpus=LOADER, augmentation=Augmentation(copies=(Gain(),)), sample_rate=16_000,
                       samples=16_000).load(None)
    with pytest.raises(Declined, match="it holds no copies"):
        AugmentedBeforeSplit(split=Random8020())(CORPUS)
    own = study_file(tmp_path, "splits=(AugmentedBeforeSplit(split=Random8020()),), corpus=AugmentedFirst(corpus=STUDY.corpus, "
                     "augmentation=Augmentation(copies=(Gain(),)), sample_rate=16000, samples=16000)",
                     preamble="from harness.siblings import *\nfrom registry.augmentation import Augmentation\n"
                              "from registry.augmentations.gain import Gain")
    outcome = bench("run", "--study", own, "--home", tmp_path / "home")
    assert outcome.code == 2 and "opened by `bench leakage` alone" in outcome.err


def test_a_studys_own_random_split_has_its_twins_and_80_20_stands_in() -> None:
    own = dataclasses.replace(STUDY, splits=(Random7030(seed=3),))
    assert protocols(own) == (UnseenSpeakers7030(seed=3), UnseenSentences(seed=3), Random7030(seed=3))
    assert protocols(dataclasses.replace(STUDY, splits=(UnseenSentences(),)))[2] == Random8020()


def cells(study: Study, copies: tuple[object, ...] = (Noise(),)) -> list[PlannedCell]:
    return planned_cells(study, plan(study, "clips"), copies)


ONE = dataclasses.replace(STUDY, architectures=STUDY.architectures[:1])
OWN_COPIES = dataclasses.replace(ONE, augmentations=(Augmentation(copies=(Gain(), Gain())),))


def test_a_cell_without_copies_gets_them_after_the_split_under_both_protocols_and_once_before_it() -> None:
    honest, before = parts(ONE, cells(ONE), CORPUS)
    assert [([split.name for split in r.splits], r.augmentation.label) for r in honest.recipes] == [
        (["unseen_speakers_80_20", "unseen_sentences", "random_80_20"], ""), (["unseen_speakers_80_20", "random_80_20"], "copies of noise")]
    assert before.corpus.augmentation == Augmentation(copies=(Noise(),)) and before.recipes[0].augmentation == Augmentation()
    assert (honest.trials, before.trials, honest.best_models, before.seeds) == (0, 0, 0, STUDY.seeds)


def test_a_cell_with_copies_of_its_own_keeps_them_and_needs_no_others() -> None:
    honest, before = parts(OWN_COPIES, cells(OWN_COPIES), CORPUS)
    assert [(len(r.splits), r.augmentation.label) for r in honest.recipes] == [(3, "copies of gain+gain")]
    assert before.corpus.augmentation == Augmentation(copies=(Gain(), Gain()))


def final(split: str, augmentation: str = "") -> RunRecord:
    return RunRecord("f", "", "final", "finished", {}, {}, {"bench.split": split, "bench.augmentation": augmentation})


def test_the_finals_of_a_cell_with_copies_stand_for_the_protocols_with_and_without_copies() -> None:
    bare, own = cells(ONE)[0], cells(OWN_COPIES)[0]
    assert [bare.stands_for(final("random_70_30[seed=3]", label)) for label in ("", "copies of noise")] == ["random", "after"]
    assert [bare.stands_for(final("unseen_speakers_80_20", label)) for label in ("", "copies of noise")] == ["speakers", "copied"]
    assert [own.stands_for(final(split, "copies of gain+gain")) for split in ("random_80_20", "unseen_speakers_80_20", "unseen_sentences")
            ] == ["random after", "speakers copied", "sentences"]
    assert own.stands_for(final("augmented_before_split[split=random_80_20]")) == "before"


def test_comparisons_are_told_apart_by_settings_clips_copies_and_seeds_and_not_by_names() -> None:
    longer = dataclasses.replace(ONE, training=Training(epochs=9))
    identities = [cells(study, copies)[0].identity for study, copies in (
        (ONE, (Noise(),)), (longer, (Noise(),)), (ONE, (Gain(),)), (dataclasses.replace(ONE, seeds=(5,)), (Noise(),)))]
    identities.append(planned_cells(ONE, plan(ONE, "other clips"), (Noise(),))[0].identity)
    assert len(set(identities)) == 5 and identities[0] == cells(ONE)[0].identity
    spaces = tuple(dataclasses.replace(ONE.feature_spaces[0], duration_s=seconds) for seconds in (1.0, 1.004))
    alike = [Recipe(name="net", feature_space=space, architecture=ONE.architectures[0], splits=ONE.splits) for space in spaces]
    named = cells(dataclasses.replace(ONE, feature_spaces=(), architectures=(), splits=(), recipes=tuple(alike)))
    assert [cell.name for cell in named] == ["net", "net (2)"] and named[0].identity != named[1].identity


def test_a_setting_of_a_split_is_refused_since_protocols_would_draw_differently() -> None:
    with pytest.raises(UsageError, match="write them in the study"):
        planned_cells(ONE, plan(ONE, "clips", {"split.seed": 3}), (Noise(),))


def made(recall: float, test: str = "a", speakers: int = 20, seeds: int = 1, spread: float = 0.1, seed: int = 0,
         **more: object) -> ProtocolResult:
    """Two emotions, 100 clips of each a speaker, whose recalls are alike in both and differ between speakers."""
    right = np.round(100 * np.clip(np.random.default_rng(seed).normal(recall, spread, (1, speakers)), 0, 1)).astype(int)
    counts = np.stack([np.stack([right, 100 - right], -1), np.stack([100 - right, right], -1)], -2).repeat(seeds, axis=0)
    about = ProtocolResult(counts, (test,), {"train": 10, "validation": 2, "test": 4}, "10 of 20 clips: partial", False, 5, tuple(map(str,
                                                                                                                             range(seeds))),
                           "crema_d", "--set training.epochs=5")
    return dataclasses.replace(about, **more)  # type: ignore[arg-type]


def test_an_unpaired_difference_is_welchs() -> None:
    one, other = made(0.7, "a", speakers=12), made(0.5, "b", speakers=30, spread=0.05, seed=1)
    value, low, high = difference(one, other)
    recalls = [under.counts[0, :, 0, 0] / 100 for under in (one, other)]
    parts = [recall.var(ddof=1) / len(recall) for recall in recalls]
    df = sum(parts) ** 2 / sum(part**2 / (len(recall) - 1) for part, recall in zip(parts, recalls, strict=True))
    assert value == pytest.approx(recalls[0].mean() - recalls[1].mean())
    assert high - value == pytest.approx(student.ppf(0.975, df) * np.sqrt(sum(parts)), rel=0.03)
    assert low == pytest.approx(2 * value - high)


def test_a_paired_difference_forgets_what_speakers_have_in_common() -> None:
    one, other = made(0.6), made(0.5)  # the same speakers, all of them ten points apart
    value, low, high = difference(one, other)
    assert value == pytest.approx(0.1, abs=0.005) and high - low < 0.01
    _, low, high = difference(one, dataclasses.replace(other, test=("b",)))
    assert high - low > 0.1
    assert np.isnan(difference(one, made(0.5, "b", speakers=4))[1])
    assert points(difference(one, one)) == "+0.0 [+0.0, +0.0]"


def test_a_leak_is_told_from_nothing_or_not() -> None:
    cell = CellUnderProtocols("s", "net", {"speakers": made(0.5, "a"), "random": made(0.7, "b", seed=1), "sentences": made(0.5, "c",
                                                                                                                           seed=2),
                                           "after": made(0.7, "b", seed=1), "before": made(0.9, "b", seed=1, spread=0.05)})
    told = worth(cell, "random", "speakers", "voices")
    assert told and told[:4] == ["voices", "random clips less unseen speakers", "unpaired", "more than chance explains"]
    assert told[4].startswith("+2")
    assert (told := worth(cell, "sentences", "speakers", "x")) and told[3] == "not to be told from nothing"
    assert (told := worth(cell, "speakers", "random", "x")) and told[3] == "it costs more than chance explains"
    assert (told := worth(cell, "before", "after", "x")) and told[2] == "paired"
    same = made(0.7)
    own = CellUnderProtocols("s", "net", {"after": same, "random": same})
    assert worth(own, "before", "after", "x") is None and worth(own, "random", "after", "x") is None, "the same networks are no comparison"


REPORT = """### a \\| b

crema_d; partial corpus; 1 seed, so that intervals leave out other trainings; 5 epochs; \
not trained: unseen speakers, copies after the split, unseen sentences.

| protocol | training clips | test clips | test speakers | UAR |
| --- | --: | --: | --: | --: |
| unseen speakers | 10 | 1 | 20 | 0.500 |
| unseen speakers, copies after the split | – | – | – | – |
| unseen sentences | – | – | – | – |
| random clips | 10 | 1 | 20 | 0.700 |
| random clips, copies after the split | 30 | 1 | 20 | 0.700 |
| copies before the split (WRONG) | 30 | 1 | 20 | 0.900 |

| worth of | compared | how | it is | points of UAR |
| --- | --- | --- | --- | --: |
| voices that were heard in training | random clips less unseen speakers | unpaired | more than chance explains | +20.0 [+20.0, +20.0] |
| altered copies of test clips in training | copies before the split (WRONG) less random clips, copies after the split | paired \
| more than chance explains | +20.0 [+20.0, +20.0] |

<details>"""


def test_the_report_is_a_pure_function_of_what_was_measured() -> None:
    cell = CellUnderProtocols("cnn", "a | b", {
        "speakers": made(0.5, "a", spread=0), "random": made(0.7, "b", spread=0),
        "before": made(0.9, "b", spread=0, clips={"train": 30, "validation": 2, "test": 4}),
        "after": made(0.7, "b", spread=0, augmentation="copies of gain+noise[lowest_snr_db=1.0]",
                      clips={"train": 10, "validation": 2, "test": 4, "copies": 20})})
    text = leakage_markdown([cell])
    report = REPORT
    for recall in (0.5, 0.7, 0.9):
        report = report.replace(f"| {recall:.3f} |", f"| {uar(made(recall, spread=0))} |")
    assert report in text and text == leakage_markdown([cell])
    assert "both leaks" not in text and "heard voices and copies" not in text, "copies are never compared with networks that have none"
    assert ("`bench leakage --study cnn --corpus crema_d --data DIR --cell 'a | b' --seeds 0 --copies gain 'noise[lowest_snr_db=1.0]' "
            "--set training.epochs=5`") in text
    assert marks(CellUnderProtocols("s", "c", {key: made(0.5, seeds=2, synthetic=True) for key in PROTOCOLS})
                 ) == "crema_d; synthetic; 2 seeds; 5 epochs"
    assert uar(None) == "–" and "," not in uar(made(0.5, speakers=4)), "four speakers give no interval"


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
    rows_ = {protocol_of({"bench.split": row.split, "bench.augmentation": row.augmentation}): row for row in rows(tracker.records())}
    assert rows_.keys() == PROTOCOLS.keys() and all(row.label.startswith("zcr+energy") for row in rows_.values())
    said = {key: tracker.predictions(rows_[key].seed_runs[0], "test") for key in ("random", "after", "before")}
    assert len({tuple(each.clips) for each in said.values() if each}) == 1 and None not in said.values()
    found = {each.record.about.split: each for each in audit_runs("leakage-own", Store(tmp_path), Workspace(tmp_path, workers=1))}
    assert [split for split, each in found.items() if each.failed] == ["augmented_before_split"]
    clips = {key: under.training_clips for cell in cells_under_protocols(Store(tmp_path), "leakage-own") for key,
             under in cell.under.items()}
    assert clips["before"] == clips["after"] == 2 * clips["random"]
    assert bench(*call).code == 0 and len(tracker.records("seed")) == 6, "the same call trains nothing again"
    final, = (r for r in tracker.records("final") if r.tags["bench.split"].startswith("augmented_before"))
    tracker.client.delete_tag(final.run_id, next(key for key in final.tags if key.startswith("bench.compared.")))
    cell = cells_under_protocols(Store(tmp_path), "leakage-own")[0]
    assert cell.under.keys() == PROTOCOLS.keys() - {"before"}, "a side is known by its mark, not by names"


def test_a_call_that_names_what_is_not_there_trains_nothing(tmp_path: Path) -> None:
    for wrong_call, said in ((("--cell", "nope"), "no cell 'nope'"), (("--copies", "nois"), "Did you mean 'noise'"),
                             (("--copies", "mixup"), "list it under on_the_fly"), (("--set", "training.epoch=1"), "training.epochs")):
        outcome = bench("leakage", "--study", "quickstart", "--corpus", "synthetic", *wrong_call, "--home", tmp_path / "home")
        assert outcome.code == 2 and said in outcome.err and not (tmp_path / "home").exists()
    assert LeakageOptions("quickstart").copies == ("noise", "time_shift")
