"""What heard voices are worth: a finding for each pair of protocols, tables folded below, and no part without such networks."""

from __future__ import annotations

from harness.evaluation.joint_voices import JointVoices
from harness.evaluation.same_clips import OnSameClips
from harness.reports.joint_voices_section import finding, joint_voices_markdown

PAIR = ("f" * 16, "random_70_30", "unseen_speakers_70_30")
FOLDS = ("f" * 16, "random_folds (5 folds)", "speaker_folds (5 folds)")


def voices(name: str, gain: tuple[float, float, float], kind: str = "from scratch", pair: tuple[str, str, str] = PAIR,
           trained_once: bool = False, synthetic: bool = False) -> JointVoices:
    return JointVoices(("cnn",), "crema_d, whole", synthetic, pair, name, kind, trained_once, OnSameClips(gain, 648, 27))


GAINS, UNSURE, COSTS = (voices("net|a", (0.092, 0.042, 0.141)), voices("tree", (0.01, -0.01, 0.03), "pretrained"),
                        voices("worse", (-0.05, -0.09, -0.01)))
ON = "**random_70_30 on crema_d, whole**, 648 clips of 27 speakers: heard voices are worth something to "


def test_the_finding_counts_what_can_be_told_and_names_the_row_that_gains_most() -> None:
    assert finding([GAINS, UNSURE, COSTS]) == (
        f"{ON}1 of 3 rows, most to net\\|a, +9.2 [+4.2, +14.1] points; they cost 1; of 1 it can't be told. "
        "Median of each kind, in points: pretrained +1.0; from scratch +2.1.")
    assert finding([UNSURE]) == f"{ON}0 of 1 row; of 1 it can't be told. Median of each kind, in points: pretrained +1.0."
    assert finding([voices("net", (0.1, 0.05, 0.15), synthetic=True)]).startswith("Synthetic, no human speech. **random_70_30 on")


def test_of_a_network_of_one_seed_nothing_is_told() -> None:
    once = voices("net", (0.064, 0.033, 0.095), trained_once=True)
    assert finding([once]).startswith(f"{ON}0 of 1 row; of 1 it can't be told.")
    line = joint_voices_markdown([once], {})[3].splitlines()[4]
    assert "**" not in line and line.endswith("| cnn | one seed |")


def test_each_pair_of_protocols_has_a_table_with_links() -> None:
    of_folds = voices("tree", (0.02, 0.01, 0.03), pair=FOLDS)
    heading, findings, _, *tables = joint_voices_markdown([GAINS, UNSURE, of_folds], {"cnn": "cnn.md"})
    assert heading == "## What heard voices are worth" and findings.count("> **random_") == 2
    assert [table.splitlines()[0] for table in tables] == [
        "<details><summary>random_70_30 less unseen_speakers_70_30 on crema_d, whole: 2 rows</summary>",
        "<details><summary>random_folds (5 folds) less speaker_folds (5 folds) on crema_d, whole: 1 row</summary>"]
    gains, unsure = tables[0].splitlines()[4:6]
    assert gains.replace("\N{NO-BREAK SPACE}", " ") == "| net\\|a | from scratch | **+9.2 [+4.2, +14.1]** | [cnn](cnn.md) |  |"
    assert "**" not in unsure


def test_without_rows_under_both_there_is_no_part() -> None:
    assert joint_voices_markdown([], {}) == []
