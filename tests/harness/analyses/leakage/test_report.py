"""The page on leaks is a pure function of the results, and judges each leak by its interval."""

from __future__ import annotations

from leakage_results import result

from harness.analyses.leakage.report import leakage_markdown, marks, points, uar_with_interval, worth_line
from harness.analyses.leakage.worth import PROTOCOLS, CellUnderProtocols


def test_a_leak_is_judged_by_its_interval() -> None:
    cell = CellUnderProtocols("s", "net", {
        "speakers": result(0.5), "random": result(0.7, seed=1), "sentences": result(0.5, seed=2),
        "after": result(0.7, seed=1), "before": result(0.9, seed=1, spread=0.05)})
    line = worth_line(cell, "random", "speakers", "voices")
    assert line and line[:4] == ["voices", "random clips less unseen speakers", "4,000 of 20 speakers", "more than chance explains"]
    assert line[4].startswith("+2")
    assert (line := worth_line(cell, "sentences", "speakers", "x")) and line[3] == "no more than chance explains"
    assert (line := worth_line(cell, "speakers", "random", "x")) and line[3] == "it costs more than chance explains"
    assert (line := worth_line(cell, "before", "after", "x")) and line[3] == "more than chance explains"
    same = result(0.7)
    own = CellUnderProtocols("s", "net", {"after": same, "random": same})
    assert worth_line(own, "before", "after", "x") is None
    assert worth_line(own, "random", "after", "x") is None, "the same networks are no comparison"
    assert points((0.0, -0.0, 0.0)) == "+0.0 [+0.0, +0.0]"


REPORT = """### a \\| b

crema_d; partial corpus; 1 seed, so that intervals leave out other trainings; 5 epochs; \
not trained: unseen speakers, copies after the split, unseen sentences.

| protocol | training clips | test clips | test speakers | UAR |
| --- | --: | --: | --: | --: |
| unseen speakers | 10 | 4,000 | 20 | 0.500 |
| random clips | 10 | 4,000 | 20 | 0.700 |
| random clips, copies after the split | 30 | 4,000 | 20 | 0.700 |
| copies before the split (WRONG) | 30 | 4,000 | 20 | 0.900 |

| worth of | compared | on the same clips | it is | points of UAR |
| --- | --- | --- | --- | --: |
| voices known from training | random clips less unseen speakers | 4,000 of 20 speakers | more than chance explains | +20.0 [+20.0, +20.0] |
| altered copies of test clips in training | copies before the split (WRONG) less random clips, copies after the split \
| 4,000 of 20 speakers | more than chance explains | +20.0 [+20.0, +20.0] |

<details>"""


def test_the_report_is_a_pure_function_of_the_results() -> None:
    cell = CellUnderProtocols("cnn", "a | b", {
        "speakers": result(0.5, spread=0), "random": result(0.7, spread=0),
        "before": result(0.9, spread=0, clips={"train": 30, "validation": 2, "test": 4}),
        "after": result(0.7, spread=0, augmentation="copies of gain+noise[lowest_snr_db=1.0]",
                      clips={"train": 10, "validation": 2, "test": 4, "copies": 20})})
    text = leakage_markdown([cell])
    report = REPORT
    for recall in (0.5, 0.7, 0.9):
        report = report.replace(f"| {recall:.3f} |", f"| {uar_with_interval(result(recall, spread=0))} |")
    assert report in text and text == leakage_markdown([cell])
    assert "both leaks" not in text and "known voices and copies" not in text, "copies are never compared with networks that have none"
    assert ("`bench leakage --study cnn --corpus crema_d --data DIR --cell 'a | b' --seeds 0 --copies gain 'noise[lowest_snr_db=1.0]' "
            "--set training.epochs=5`") in text
    assert marks(CellUnderProtocols("s", "c", {key: result(0.5, seeds=2, synthetic=True) for key in PROTOCOLS})
                 ) == "crema_d; synthetic; 2 seeds; 5 epochs"
    assert uar_with_interval(None) == "–" and "," not in uar_with_interval(result(0.5, speakers=4)), "four speakers give no interval"
