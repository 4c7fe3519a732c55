"""What a study's bundle holds: the runs of its finals, their predictions and configurations, the split, and the figures of its report."""

from __future__ import annotations

import csv
import importlib.metadata
import io
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.data.copies_before_split import OWN
from harness.data.corpora import open_corpus
from harness.evaluation.bundled_runs import OPENINGS, RUNS, BundledRuns, StoredRuns, as_json, place, runs_json
from harness.evaluation.croissant import CROISSANT, described
from harness.evaluation.every_eval_ever import eval_files
from harness.evaluation.final_predictions import clips_of
from harness.evaluation.leaderboard import leaderboards_of
from harness.evaluation.report_data import report_document
from harness.evaluation.row_names import read_rows
from harness.evaluation.sealed_zip import seal
from harness.evaluation.search_worth import read_worth
from harness.evaluation.study_records import RECORD, record_of
from harness.study.rebuild import trial_from
from harness.tracking.run_record import RunRecord
from harness.tracking.store import Store
from harness.training.predictions import Predictions
from registry.corpus import Clip
from registry.errors import BenchError

PARTS = ("train", "validation", "test")
Listed = dict[str, list[tuple[str, str, str]]]  # part -> clip, speaker and emotion of each
README = """# The figures of {study}, with what they were computed from

`bench verify FILE.zip` computes every figure, interval and rank of the report again from the predictions in here, without training or
audio, and says what does not match. Nothing in here is a program.

- `manifest.json`: the SHA-256 of each file.
- `record.json`: the figures of the report, as docs/record.md of bench describes them.
- `runs.json`: the runs of the study: parameters, figures and tags of each trial, final and seed, with versions, commit and hardware.
- `runs/RUN/test.csv`, `validation.csv`: of each seed of a final, the clips with what is known of them, the truth, and a probability for
  each emotion.
- `runs/RUN/configuration.json`, `history.csv`: all settings of a seed, and its learning curves.
- `splits/FINGERPRINT.csv`: which clip is in which part, with its speaker and emotion{train}.
- `croissant.json`: the tables above for programs that read Croissant (mlcommons.org/croissant); unpack this archive first.
- `every_eval_ever/ROW.json`: the figures of each row in the form of Every Eval Ever (evalevalai.com).
- `openings.json`: each time that a sealed test part was scored.
"""


def write_bundle(store: Store, study: str, path: Path, data: Path | None = None) -> tuple[str, int]:
    """Write a study's bundle; returns its SHA-256 and the number of its files.

    Args: data: where the corpora are, for the clips of the training part, and for what runs of earlier code did not note of each clip.
    Raises: BenchError for a study without finals, or whose store has lost files.
    """
    if study not in store.studies():
        raise store.no_study(study)
    files = bundle_files(store.experiment(study), data)
    return seal(path, files, {"study": study, "bench": importlib.metadata.version("ser-bench")}), len(files)


def bundle_files(runs: StoredRuns, data: Path | None = None) -> dict[str, bytes]:
    """Name -> content of each file of a bundle but its manifest."""
    records = runs.records()
    rows = [row for row in read_rows(runs, records) if row.seeds]
    if not rows:
        raise BenchError(f"{runs.study_name} has no finals yet, whose figures could be bundled: run it to its end")
    needed = {run for row in rows for run in row.seed_runs}
    seeds = [record for record in records if record.kind == "seed" and record.state == "finished"]
    files = {RUNS: runs_json(records), OPENINGS: as_json([vars(opening) for opening in runs.openings(records)])}
    clips = {row.corpus_label: clips_of(row, data) for row in {row.corpus_label: row for row in rows}.values()}
    splits: dict[str, Listed] = {}
    for seed in seeds:
        predictions = {part: runs.predictions(seed.run_id, part) for part in PARTS[1:]}
        if seed.run_id in needed and (lost := [part for part, of_part in predictions.items() if of_part is None]):
            raise BenchError(f"{seed.about.label} on {seed.about.split}: the store has lost the {' and '.join(lost)} predictions of seed "
                             f"{seed.seed}: bring the files back, or delete run {seed.run_id} in the MLflow UI")
        known = clips.get(seed.about.corpus_label)
        files |= {place(seed.run_id, f"{part}.csv"): _csv(of_part, known) for part, of_part in predictions.items() if of_part}
        files |= _others(runs, seed)
        if fingerprint := seed.about.split_fingerprint:
            splits.setdefault(fingerprint, {part: _listed(of_part, known) for part, of_part in predictions.items() if of_part})
    files |= _configurations(runs, records, files)
    files |= _splits(splits, seeds, runs, data)
    files["README.md"] = README.format(study=runs.study_name, train="" if data else " (training clips were not at hand)").encode()
    files[RECORD] = recomputed(BundledRuns(runs.study_name, files))
    written = [seed for seed in seeds if place(seed.run_id, "test.csv") in files]
    files |= eval_files(runs.study_name, files[RECORD], written)
    return files | {CROISSANT: described(runs.study_name, files, written)}


def recomputed(runs: StoredRuns) -> bytes:
    """The figures of the report as `record.json` has them, from runs in a store or in a bundle."""
    records = runs.records()
    boards = leaderboards_of(runs, records)
    record = record_of(runs.study_name, records, boards, [read_worth(runs, records, board) for board in boards])
    return as_json(report_document({runs.study_name: record.data}))


def _csv(predictions: Predictions, clips: Mapping[str, Clip] | None) -> bytes:
    text = io.StringIO()
    (predictions.with_clips(clips) if clips else predictions).write(text)
    return text.getvalue().encode()


def _listed(predictions: Predictions, clips: Mapping[str, Clip] | None) -> list[tuple[str, str, str]]:
    frame = (predictions.with_clips(clips) if clips else predictions).to_frame()
    return list(zip(frame["clip"], frame["speaker"], frame["truth"], strict=True))


def _others(runs: StoredRuns, seed: RunRecord) -> dict[str, bytes]:
    """The learning curves of a seed."""
    with tempfile.TemporaryDirectory() as folder:
        path = runs.files(seed.run_id, "history.csv", Path(folder))
        return {place(seed.run_id, "history.csv"): path.read_bytes()} if path else {}


def _configurations(runs: StoredRuns, records: Sequence[RunRecord], files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Those of all seeds; of cells without a seed that of the first trial that ended: names of rows come from them."""
    with_seeds = {record.about.cell for record in records if place(record.run_id, "test.csv") in files}
    found: dict[str, bytes] = {}
    done: set[str] = set()
    for record in records:
        seed = place(record.run_id, "test.csv") in files
        trial = record.kind == "trial" and record.ended_by_itself and record.about.cell not in {*with_seeds, *done}
        if (seed or trial) and (configuration := runs.configuration(record.run_id)):
            found[place(record.run_id, "configuration.json")] = as_json(configuration)
            done.add(record.about.cell)
    return found


def _splits(splits: Mapping[str, Listed], seeds: Sequence[RunRecord], runs: StoredRuns, data: Path | None
            ) -> dict[str, bytes]:
    """A table of clips and parts for each split; the training part where the corpus is there."""
    files = {}
    for fingerprint, parts in splits.items():
        seed = next(record for record in seeds if record.about.split_fingerprint == fingerprint)
        whole = {**(_training(runs, seed, data) if data else {}), **parts}
        files[f"splits/{fingerprint[:16]}.csv"] = _table((clip, part, *known) for part in PARTS for clip, *known in whole.get(part, ()))
    return files


def _training(runs: StoredRuns, seed: RunRecord, data: Path | None) -> Listed:
    """The clips that a seed was trained on. Raises: BenchError when the corpus is another one now."""
    trial = trial_from(runs.configuration(seed.run_id) or {}, OWN, needed=("corpus", "split"))
    corpus = open_corpus(trial.corpus, data)
    split = trial.split(corpus)
    if split.fingerprint(corpus) != seed.about.split_fingerprint:
        raise BenchError(f"{corpus.name} below {data} is not as it was when run {seed.run_id} was trained on {seed.about.split}: its split "
                         "has other clips. Give the folder that it was trained on, or leave out --data, and training clips with it")
    return {"train": [(clip.id, clip.speaker, clip.emotion) for clip in (corpus.clips[i] for i in split.train)]}


def _table(lines: Iterable[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([("clip", "part", "speaker", "emotion"), *lines])
    return text.getvalue().encode()
