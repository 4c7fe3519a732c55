"""Every final of a study, or one run, is audited against what it left in the store."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import soundfile
from calls import TINY, Ran, bench, study_file
from copied_home import copied_home
from small_trials import CLEAN

from harness.data.corpora import Workspace, open_corpus
from harness.evaluation.audit import corpus_of, openings
from harness.tracking.openings import Opening
from harness.tracking.run_record import RunRecord, RunTags
from harness.tracking.store import Store
from registry.corpora.folder import Folder


def test_the_test_part_of_a_cell_is_opened_once_for_each_seed_and_by_no_trial_of_the_search() -> None:
    seed = RunRecord("a", "", "seed", "finished", {"seed": "0"}, {"test/uar": 0.5}, {"bench.cell": "c"})
    trial = dataclasses.replace(seed, run_id="b", kind="trial", params={})
    elsewhere = dataclasses.replace(seed, tags={"bench.cell": "d"})
    assert openings(seed, [seed, dataclasses.replace(seed, params={"seed": "1"}), elsewhere]).text == "2, once for each seed"
    assert openings(seed, [seed, trial]).state == "fail"
    assert openings(seed, [seed, seed]).state == "note"


def test_openings_of_runs_that_were_deleted_since_are_counted_and_told() -> None:
    seed = RunRecord("a", "", "seed", "finished", {"seed": "0"}, {"test/uar": 0.5}, {"bench.cell": "c"})
    ledger = [Opening("a", "c", "0"), Opening("b", "c", "0", in_store=False), Opening("d", "another", "0", in_store=False)]
    finding = openings(seed, [seed], ledger)
    assert finding.state == "note"
    again = openings(seed, [seed], [Opening("a", "c", "0", "s"), Opening("b", "c", "0", "s")])
    assert again.text == "the cell's test part was opened 2 times for 1 seed: a seed was scored again, as after its run was deleted"
    other = openings(seed, [seed], [Opening("a", "c", "0", "s"), Opening("b", "c", "0", "t")])
    assert other.text == "the cell's test part was opened 2 times for 1 seed: an earlier best trial was scored on it, too"
    assert "was opened 2 times for 1 seed, 1 of them in runs that were deleted since: `bench restore` brings" in finding.text


def test_finals_of_an_earlier_call_that_lack_an_audit_get_it_when_the_study_is_called_again(ran: Ran, tmp_path: Path) -> None:
    home = copied_home(ran.home, tmp_path / "home")
    tracker = Store(home).experiment("tiny_study")
    before = tracker.records("seed")
    for seed in before[1:]:
        tracker.client.delete_tag(seed.run_id, "bench.audit")
    tracker.tag(before[0].run_id, RunTags(audit="made before"))
    assert bench("run", "--study", TINY, "--home", home).code == 0
    audits = [seed.tags["bench.audit"] for seed in tracker.records("seed")]
    assert len(audits) == len(before) and audits[0] == "made before" and all("checks ok" in audit for audit in audits[1:])


def test_damaged_clips_that_a_run_was_allowed_to_leave_out_are_left_out_again(tmp_path: Path) -> None:
    for i, name in enumerate("abc"):
        soundfile.write(tmp_path / f"{name}.wav", np.random.default_rng(i).normal(0, 0.1, 800), 16_000)
    (tmp_path / "d.wav").write_bytes(b"RIFF" + bytes(range(200)))
    (tmp_path / "clips.csv").write_text("path,emotion,speaker\na.wav,ANG,a\nb.wav,SAD,b\nc.wav,ANG,c\nd.wav,SAD,d\n")
    kept = open_corpus(Folder(), tmp_path, ("d",)).fingerprint
    trial = dataclasses.replace(CLEAN, corpus=Folder(), corpus_fingerprint=kept)
    allowed = RunRecord("a", "", "seed", "finished", {}, {}, {"bench.allow_missing": "--allow-missing"})
    workspace = Workspace(tmp_path / "home", data=tmp_path, workers=1)
    assert corpus_of(allowed, trial, workspace).fingerprint == kept
    assert corpus_of(dataclasses.replace(allowed, tags={}), trial, workspace).fingerprint != kept, "that run left nothing out"


def test_a_study_that_was_really_run_has_no_leak_and_its_kept_models_were_fitted_on_training(ran: Ran) -> None:
    outcome = bench("audit", "tiny_study", "--home", ran.home)
    assert outcome.code == 0 and "4 audited, 0 failed" in outcome.out, outcome.out + outcome.err
    assert "normaliser: model not kept (2 runs)" in outcome.out and "4 of 4 test speakers are also in training" in outcome.out
    kept = next(r for r in Store(ran.home).experiment("tiny_study").records("seed") if "bench.model" in r.tags)
    one = bench("audit", kept.run_id, "--home", ran.home)
    assert one.code == 0 and "mean and variance in the saved model are those of the training part" in one.out
    assert bench("audit", "tiny_studi", "--home", ran.home).code == 2
    assert "Did you mean 'tiny_study'" in bench("audit", "tiny_studi", "--home", ran.home).err


def test_a_false_record_in_the_store_ends_the_audit_with_code_1(ran: Ran, tmp_path: Path) -> None:
    home = copied_home(ran.home, tmp_path / "home")
    tracker = Store(home).experiment("tiny_study")
    seeds = tracker.records("seed")
    tracker.tag(seeds[0].run_id, RunTags(split_fingerprint="0" * 64))
    outcome = bench("audit", "tiny_study", "--home", home)
    assert outcome.code == 1 and "not the recorded 0000000000000000" in outcome.out and "4 audited, 1 failed" in outcome.out
    final = next(r for r in tracker.records("final") if seeds[0].tags["bench.signature"] in r.tags["bench.signatures"])
    assert "2 audited, 1 failed" in bench("audit", final.run_id, "--home", home).out


def test_a_study_file_is_audited_by_its_path_and_a_home_without_a_store_is_told(ran: Ran, tmp_path: Path) -> None:
    assert bench("audit", study_file(tmp_path, "trials=1", "tiny_study"), "--home", ran.home).code == 0
    nothing = bench("audit", "tiny_study", "--home", tmp_path / "nowhere")
    assert nothing.code == 1 and "there are no runs in" in nothing.err and not (tmp_path / "nowhere").exists()
