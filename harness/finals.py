"""Finals: each cell's best trial, trained with each seed and scored once a seed on the sealed test part; the best models are kept."""

from __future__ import annotations

import dataclasses
import re
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from harness import cost, saved_model
from harness.audits import audit_run
from harness.leaks import summary
from harness.search import Search
from harness.statistics import mean_sd
from harness.study import Cell, Trial
from harness.tracking import Record
from harness.trial import Result
from harness.work import Progress, Run, identity, title, work
from registry.core import short_label


def finals(run: Run, search: Search, cells: list[Cell]) -> None:
    """Train each cell's best trial with each seed and open the test part for it, once a seed."""
    label = short_label(cells[0].base.split)
    records = run.tracker.records("trial", "seed")
    best = {cell.key: search.best(cell) if run.study.trials else cell.base for cell in cells}
    with run.console.working(), run.console.bar(f"{label}: finals", len(cells) * len(run.study.seeds)) as bar:
        progress = Progress(bar)
        for cell in cells:
            chosen = best[cell.key]
            if chosen is None:
                run.console.say(f"  {cell.label}: no trial completed, so there is no final")
            else:
                _final(run, cell, chosen, progress, records)
    _summarise(run, label)


def _final(run: Run, cell: Cell, chosen: Trial, progress: Progress, records: list[Record]) -> None:
    """Train a cell's finals that are not there yet; `records` are the study's trials and seeds, and grow by what is trained."""
    trials = [dataclasses.replace(chosen, seed=seed, opens_test=True) for seed in run.study.seeds]
    signatures = " ".join(trial.signature for trial in trials)
    _audit_earlier(run, signatures.split(), records)
    earlier = [r for r in run.tracker.records("final") if r.state == "finished" and r.tags.get("bench.signatures") == signatures]
    if earlier:
        asked = asked_now(run.tracker.records("final"))
        run.tracker.tag(earlier[-1].run_id, {"asked_at": asked})  # the leaderboard shows what was asked for last
        progress.advance(len(trials))
        return
    tags, params = identity(run, cell, chosen)
    tags |= {"signatures": signatures, "asked_at": asked_now(run.tracker.records("final"))}
    run_id = run.tracker.start("final", f"final {title(params)}", run.parent, tags, params)
    known = [run.known[trial.signature].metrics for trial in trials if trial.signature in run.known]
    measured = not run.study.measure_cost or bool(cost.cost_of(known))
    state = "failed"
    try:
        for trial in trials:
            if trial.signature in run.known:
                progress.advance(1)
            else:
                seed_run, result = work(run, "seed", cell, trial, run_id, progress)
                _keep_model(run, cell, seed_run, result)
                records.append(run.tracker.record(seed_run))
                _audit(run, records[-1], records)
                measured = measured or _measure(run, seed_run, result)
        done = [run.known[t.signature].metrics for t in trials if t.signature in run.known]
        run.tracker.aggregate(run_id, aggregates(done))
        state = "finished" if len(done) == len(trials) else "failed"
    except KeyboardInterrupt:
        state = "killed"
        raise
    finally:
        run.tracker.end(run_id, state)


def asked_now(records: Iterable[Record]) -> str:
    """Now, or just after the latest that these were asked for: a clock that was set back makes nothing new look old."""
    return f"{max([time.time(), *(float(r.tags.get('bench.asked_at', 0)) + 0.001 for r in records)]):.3f}"


def _measure(run: Run, run_id: str, result: Result) -> bool:
    """Note what a final costs beside its quality; whether that was tried, since the cell's other seeds share its network."""
    if result.state != "finished":
        return False
    try:
        figures, uncounted = cost.measure(result, run.prepared.corpus)
    except Exception as error:  # a final that is trained and scored does not fail for its cost
        run.console.say(f"  cost not measured: {error}")
        return True
    run.tracker.aggregate(run_id, figures)
    if uncounted:
        run.console.say(f"  cost: {uncounted}")
    return True


def _audit_earlier(run: Run, signatures: list[str], records: list[Record]) -> None:
    """Audit finals of an earlier call that ended before it came to that, or that was of a time without audits."""
    for record in [r for r in records if r.kind == "seed" and r.tags["bench.signature"] in signatures and "bench.audit" not in r.tags]:
        _audit(run, record, records)


def _audit(run: Run, record: Record, records: list[Record]) -> None:
    """Look for leaks in a final as soon as it is there, and note for the report what was found; `records` are those of its study."""
    if record.state != "finished":
        return
    try:
        findings = audit_run(record, records, run.tracker, run.prepared.workplace)
    except Exception as error:  # a final that is trained and scored does not fail for its audit
        run.tracker.tag(record.run_id, {"audit": f"could not be audited: {type(error).__name__}: {error}"})
        return
    failed = [finding for finding in findings if finding.state == "fail"]
    run.tracker.tag(record.run_id, {"audit": summary(findings), "leaks": ", ".join(finding.check for finding in failed)})
    for finding in failed:
        run.console.say(f"  leak audit: {finding.check}: {finding.text}")


def _summarise(run: Run, split: str) -> None:
    """On the study's own run: what its best cell on a protocol, chosen by validation UAR, reached in each part."""
    finals = [r for r in run.tracker.records("final") if r.state == "finished" and r.tags["bench.split"] == split
              and r.tags["bench.corpus_fingerprint"] == run.prepared.corpus.fingerprint[:16]]
    if finals:
        best = max(finals, key=lambda r: r.metrics["validation/uar_mean"])
        name = re.sub(r"[^\w.-]", "_", split)  # MLflow refuses brackets in the names of metrics
        run.tracker.aggregate(run.parent, {f"{name}/{part}_uar": best.metrics[f"{part}/uar_mean"] for part in ("validation", "test")})


def aggregates(seeds: list[dict[str, float]]) -> dict[str, float]:
    """Mean and standard deviation over the seeds of the scores that a leaderboard shows."""
    keys = [f"{part}/{score}" for part in ("validation", "test") for score in ("wa", "uar", "macro_f1")]
    pairs = {key: mean_sd([metrics[key] for metrics in seeds]) for key in keys if seeds}
    return {name: value for key, (mean, sd) in pairs.items() for name, value in ((f"{key}_mean", mean), (f"{key}_sd", sd))}


def _keep_model(run: Run, cell: Cell, run_id: str, result: Result) -> None:
    """Log the model if it is among the protocol's best by validation UAR, and drop the one that no longer is."""
    if result.model is None or not result.validation:
        return
    corpus, split = run.prepared.corpus, short_label(cell.base.split)
    kept = [r for r in run.tracker.records("seed") if r.tags.get("bench.model") and r.tags["bench.split"] == split
            and r.tags["bench.corpus_fingerprint"] == corpus.fingerprint[:16]]
    kept.sort(key=lambda r: r.metrics["validation/uar"])
    room = len(kept) < run.study.best_models
    if not room and (not kept or result.validation.uar <= kept[0].metrics["validation/uar"]):
        return
    with tempfile.TemporaryDirectory() as folder:
        saved_model.write(result, corpus, Path(folder))
        run.tracker.log_model(run_id, Path(folder), f"{cell.base.architecture.name}_{result.trial.signature}", corpus.emotions,
                              corpus.sample_rate)
    if not room:
        run.tracker.forget_model(kept[0])
