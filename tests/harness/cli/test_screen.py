"""Comparisons and audits as tables: long lists are cut, what does not exist is a dash, and a failed check gives exit code 1."""

from __future__ import annotations

import math

import pytest
from calls import Ran

from harness import leaderboard
from harness.cli.screen import print_audit, print_comparison, print_leaderboards
from harness.console import Console
from harness.evaluation.audit import AuditedRun
from harness.evaluation.comparison import Comparison, Difference
from harness.evaluation.leak_checks import Finding
from harness.tracking.run_record import RunRecord


def comparison(p: float) -> Comparison:
    score = Difference(0.5, 0.4, -0.1, -0.2, -0.01, p)
    return Comparison("good", "weak", 30, 6, (("0", "1"), ("0", "1")), False, {"wa": score, "uar": score, "macro_f1": score},
                      tuple(f"clip{i:02d}" for i in range(25)), (), {"training.epochs": ("5", "9")}, {"corpus": True, "split": False})


def test_a_comparison_shows_scores_clips_and_parameters_that_differ(capsys: pytest.CaptureFixture[str]) -> None:
    print_comparison(comparison(0.0001), Console())
    out = capsys.readouterr().out
    assert out.startswith("A: good (seeds 0, 1)\nB: weak (seeds 0, 1)\n30 test clips of 6 speakers")
    assert "by fingerprint: same corpus, another split\n" in out
    assert out.count("-0.200 to -0.010") == 3 and "< 0.001" in out and "training.epochs" in out
    assert "25 clips right in A, wrong in B: clip00, " in out and "clip19, …" in out and "clip20" not in out
    assert "0 clips wrong in A, right in B\n" in out


def test_a_difference_that_no_test_is_possible_for_has_dashes(capsys: pytest.CaptureFixture[str]) -> None:
    print_comparison(comparison(math.nan), Console())
    out = capsys.readouterr().out
    assert "to -0.010" not in out and "–" in out


def test_an_audit_shows_each_finding_once_with_its_count_and_fails_when_a_check_does(capsys: pytest.CaptureFixture[str]) -> None:
    record = RunRecord("r", "final", "seed", "finished", {}, {"seed": "0"}, {})
    fine, note = Finding("speakers", "ok", "no speaker is shared"), Finding("clips", "told", "two clips are alike")
    assert print_audit([AuditedRun(record, [fine, note])] * 2, Console()) == 0
    out = capsys.readouterr().out
    assert "told: clips: two clips are alike (2 runs)" in out and "no speaker is shared" not in out and "2 audited, 0 failed" in out
    assert print_audit([AuditedRun(record, [fine, Finding("clips", "fail", "a clip is in two parts")])], Console()) == 1
    out = capsys.readouterr().out
    assert "ok: speakers: no speaker is shared" in out and "1 audited, 1 failed" in out


def test_each_protocol_has_a_table_of_80_columns_with_its_marks_explained_below(ran: Ran, capsys: pytest.CaptureFixture[str]) -> None:
    boards, console = leaderboard("tiny_study", home=ran.home), Console()
    console.out.width = 80
    capsys.readouterr()
    print_leaderboards("tiny_study", boards, console)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("tiny_study: ")] == ["random_80_20", "unseen_speakers_80_20"]
    rules = [place for place, line in enumerate(lines) if line.startswith("──")]
    tables = [lines[rule - 2 : rule + 1 + len(board.finished)] for rule, board in zip(rules, boards, strict=True)]
    assert max(len(line) for table in tables for line in table) <= 80
    for table, board in zip(tables, boards, strict=True):
        assert [row for row in board.finished if f"{row.test['uar'][0]:.3f}" not in "\n".join(table)] == []
    said = [line for line in lines if line.startswith("all rows: ")]
    assert "synthetic" in said[0] and "shared speakers" in said[0] and "shared speakers" not in said[1]
