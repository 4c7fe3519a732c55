"""Computes every figure of a bundle again from its predictions, by the functions that made them, and says what does not match."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.evaluation.bundle import PARTS, recomputed
from harness.evaluation.bundled_runs import BundledRuns, place
from harness.evaluation.croissant import CROISSANT, other_files
from harness.evaluation.every_eval_ever import FOLDER, eval_files
from harness.evaluation.sealed_zip import unseal
from harness.evaluation.study_records import RECORD, require_schema
from harness.tracking.run_record import RunRecord
from harness.training.predictions import Predictions
from harness.training.scores import SMALLEST
from registry.core import canonical
from registry.errors import BenchError

ROUNDING = 1e-6  # predictions have nine places; larger differences are none of rounding
CUT_OFF = 5.1e-10  # of a probability, at most, where it was written with nine places
NO_FIGURES = {"bench"}  # of a record: the version that wrote it


@dataclass(frozen=True)
class Check:
    """One kind of check. Args: what: was looked at, as a sentence. count: of what. faults: what does not match, in words."""

    what: str
    count: int
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verified:
    """What came out of a bundle's verification. Args: about: its manifest."""

    about: Mapping[str, Any]
    checks: tuple[Check, ...]

    @property
    def failed(self) -> bool:
        """Whether anything does not match."""
        return any(check.faults for check in self.checks)


def verify(path: Path) -> Verified:
    """Look at everything in a bundle that can be looked at without training and without audio.

    Raises: BenchError for a file that is no bundle, is cut short or of a later version.
    """
    sealed = unseal(path)
    unchanged = Check("files have the SHA-256 of the manifest, and the archive its own", len(sealed.files), sealed.faults)
    study = str(sealed.about.get("study", ""))
    try:
        runs = BundledRuns(study, sealed.files)
        checks = [_figures_of_runs(runs), _configurations(runs), _splits(runs, sealed.files), _report(runs, sealed.files)]
        checks += [_descriptions(runs, sealed.files)] if CROISSANT in sealed.files else []  # earlier bundles have none
    except (BenchError, KeyError, ValueError, TypeError, IndexError, AttributeError, ArithmeticError) as error:
        reason = str(error) if isinstance(error, BenchError) else f"its runs do not fit together ({type(error).__name__}: {error})"
        return Verified(sealed.about, (unchanged, Check("figures could be computed again", 0, (reason,))))
    return Verified(sealed.about, (unchanged, *checks))


def _scored(runs: BundledRuns) -> list[RunRecord]:
    return [record for record in runs.records("seed") if runs.predictions(record.run_id, "test")]


def _figures_of_runs(runs: BundledRuns) -> Check:
    """The scores that each training noted, against those of its predictions."""
    faults, count = [], 0
    for record in _scored(runs):
        for part in PARTS[1:]:
            predictions = runs.predictions(record.run_id, part)
            if predictions is None:
                continue
            for name, value in predictions.scores.flat(part).items():
                noted = record.metrics.get(name)
                count += 1
                if noted is None or not (_same(noted, value) or (name.endswith("/loss") and _can_be_loss(noted, predictions))):
                    faults.append(f"run {record.run_id}: {name} is noted as {noted}, its predictions give {value:.6f}")
    return Check("figures of single trainings are those of their predictions", count, tuple(faults))


def _can_be_loss(noted: float, predictions: Predictions) -> bool:
    """Whether a loss is between those of the largest and the smallest probabilities that were written so: one of 0 may have been 1e-10."""
    likelihood = predictions.probabilities[np.arange(len(predictions.truth)), predictions.truth]
    low, high = (float(-np.log(np.clip(likelihood + by, SMALLEST, 1.0)).mean()) for by in (CUT_OFF, -CUT_OFF))
    return low - ROUNDING <= noted <= high + ROUNDING


def _configurations(runs: BundledRuns) -> Check:
    """The signature of each training, against the hash of its configuration."""
    faults, count = [], 0
    for record in _scored(runs):
        configuration = runs.configuration(record.run_id)
        if configuration is None:
            faults.append(f"run {record.run_id}: {place(record.run_id, 'configuration.json')} is missing")
        elif record.about.signature:
            count += 1
            signature = hashlib.sha256(canonical(configuration).encode()).hexdigest()[:16]
            if signature != record.about.signature:
                faults.append(f"run {record.run_id}: its configuration has the signature {signature}, not {record.about.signature}")
    return Check("configurations have the signature of their run", count, tuple(faults))


def _splits(runs: BundledRuns, files: Mapping[str, bytes]) -> Check:
    """The split of each training: its clips, that no clip is in two parts, and the fingerprint where training clips are there."""
    faults, count = [], 0
    splits = {name: _parts(content, name) for name, content in files.items() if name.startswith("splits/")}
    for name, parts in splits.items():
        clips = [clip for of_part in parts.values() for clip in of_part]
        faults += [f"{name}: {len(clips) - len(set(clips))} clips are in two parts"] if len(set(clips)) < len(clips) else []
    for record in _scored(runs):
        fingerprint = record.about.split_fingerprint
        name = f"splits/{fingerprint[:16]}.csv"
        if not fingerprint:
            continue
        count += 1
        parts = splits.get(name, {})
        for part in PARTS[1:]:
            predictions = runs.predictions(record.run_id, part)
            if predictions and sorted(predictions.clips.tolist()) != sorted(parts.get(part, [])):
                faults.append(f"run {record.run_id}: its {part} clips are not those of {name}")
        if parts.get("train") and _fingerprint(parts) != fingerprint:
            faults.append(f"{name}: its clips have the fingerprint {_fingerprint(parts)[:16]}, the runs noted {fingerprint[:16]}")
    return Check("trainings were scored on the clips of their split", count, tuple(dict.fromkeys(faults)))


def _parts(content: bytes, name: str) -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    try:
        for line in csv.DictReader(io.StringIO(content.decode(), newline="")):
            parts.setdefault(line["part"], []).append(line["clip"])
    except (ValueError, KeyError, csv.Error) as error:
        raise BenchError(f"{name} can't be read: {error}") from error
    return parts


def _fingerprint(parts: Mapping[str, list[str]]) -> str:
    """As `Split.fingerprint` gives it."""
    return hashlib.sha256("\n".join(f"{part}:{','.join(parts.get(part, []))}" for part in PARTS).encode()).hexdigest()


def _report(runs: BundledRuns, files: Mapping[str, bytes]) -> Check:
    """The record of the report, against the same computed again."""
    try:
        noted = json.loads(files[RECORD])
        require_schema(noted, RECORD)
    except (ValueError, KeyError, RecursionError) as error:
        raise BenchError(f"{RECORD} can't be read ({type(error).__name__}: {error})") from error
    again = json.loads(recomputed(runs))
    faults = [f"{where}: the bundle says {_shown(old)}, computed again it is {_shown(new)}" for where, old, new in differing(noted, again)
              if where not in NO_FIGURES]
    return Check("figures, intervals, ranks and marks of the report are what they are computed again", sum(1 for _ in _numbers(again)),
                 tuple(faults))


def _descriptions(runs: BundledRuns, files: Mapping[str, bytes]) -> Check:
    """What `croissant.json` and the files of Every Eval Ever say of the others."""
    try:
        count, faults = other_files(files[CROISSANT], files)
        noted = {name: json.loads(content) for name, content in files.items() if name.startswith(FOLDER)}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BenchError(f"{CROISSANT} or a file of {FOLDER} can't be read ({type(error).__name__}: {error})") from error
    again = {name: json.loads(content) for name, content in eval_files(runs.study_name, files[RECORD], _scored(runs)).items()}
    faults += [f"{where}: the bundle says {_shown(old)}, computed again it is {_shown(new)}" for where, old, new in differing(noted, again)]
    return Check(f"files are as {CROISSANT} and {FOLDER} say", count + len(again), tuple(faults))


def differing(old: Any, new: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two documents differ by more than rounding: the place, as `leaderboards › mel × good › test › uar`, and both values."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            yield from differing(old.get(key), new.get(key), f"{where} › {key}" if where else str(key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (one, other) in enumerate(zip(old, new, strict=True), 1):
            yield from differing(one, other, f"{where} › {_name(other) or number}")
    elif not (_is_number(old) and _is_number(new) and _same(old, new)) and (old != new or type(old) is not type(new)):
        yield where, old, new


def _name(entry: Any) -> str:
    """What an entry of a list is called, where it has a name."""
    return str(entry.get("name") or entry.get("protocol") or "") if isinstance(entry, dict) else ""


def _numbers(data: Any) -> Iterator[float]:
    """Every number of a document."""
    if isinstance(data, (dict, list)):
        for each in data.values() if isinstance(data, dict) else data:
            yield from _numbers(each)
    elif _is_number(data):
        yield data


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=ROUNDING, abs_tol=ROUNDING)


def _shown(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else "nothing" if value is None else str(value)
    return text if len(text) <= 120 else f"{text[:120]} …"
