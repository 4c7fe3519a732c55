"""What heard voices are worth: a finding for each pair of protocols, tables folded below, and no part without such networks."""

from __future__ import annotations

from harness.evaluation.joint_voices import JointVoices
from harness.evaluation.same_clips import OnSameClips
from harness.reports.joint_voices_section import finding, joint_voices_markdown

PAIR, FOLDS = ("random_70_30", "unseen_speakers_70_30"), ("random_folds (5 folds)", "speaker_folds (5 folds)")


def network(name: str, gain: tuple[float, float, float], kind: str = "from scratch", protocols: tuple[str, str] = PAIR) -> JointVoices:
    return JointVoices(("cnn",), protocols, name, kind, OnSameClips(gain, 648, 27))


GAINS, UNSURE, COSTS = (network("net|a", (0.092, 0.042, 0.141)), network("tree", (0.01, -0.01, 0.03), "pretrained"),
                        network("worse", (-0.05, -0.09, -0.01)))


def test_the_finding_counts_what_can_be_told_and_names_the_network_that_gains_most() -> None:
    assert finding([GAINS, UNSURE, COSTS]) == (
        "**random_70_30**, 648 clips of 27 speakers: heard voices are worth something to 1 of 3 networks, most to net\\|a, +9.2 [+4.2, "
        "+14.1] points; they cost 1; of 1 it can't be told. Median of each kind, in points: pretrained +1.0; from scratch +2.1.")
    assert finding([UNSURE]) == ("**random_70_30**, 648 clips of 27 speakers: heard voices are worth something to 0 of 1 network; of 1 it "
                                 "can't be told. Median of each kind, in points: pretrained +1.0.")


def test_each_pair_of_protocols_has_a_table_with_links() -> None:
    of_folds = network("tree", (0.02, 0.01, 0.03), protocols=FOLDS)
    heading, findings, _, *tables = joint_voices_markdown([GAINS, UNSURE, of_folds], {"cnn": "cnn.md"})
    assert heading == "## What heard voices are worth" and findings.count("> **random_") == 2
    assert [table.splitlines()[0] for table in tables] == [
        "<details><summary>random_70_30 less unseen_speakers_70_30: 2 networks</summary>",
        "<details><summary>random_folds (5 folds) less speaker_folds (5 folds): 1 network</summary>"]
    gains, unsure = tables[0].splitlines()[4:6]
    assert gains.replace("\N{NO-BREAK SPACE}", " ") == "| net\\|a | from scratch | **+9.2 [+4.2, +14.1]** | [cnn](cnn.md) |"
    assert "**" not in unsure


def test_without_networks_under_both_there_is_no_part() -> None:
    assert joint_voices_markdown([], {}) == []
