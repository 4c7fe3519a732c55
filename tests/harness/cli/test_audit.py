"""`bench audit` shows a line for each final, and the near names of what is not in the store."""

from __future__ import annotations

from calls import Ran, bench


def test_every_final_of_a_study_has_a_line_with_its_protocol_and_seed(ran: Ran) -> None:
    outcome = bench("audit", "tiny_study", "--home", ran.home)
    lines = [line for line in outcome.out.splitlines() if line.startswith("│") and "_80_20" in line]
    assert outcome.code == 0 and len(lines) == 4 and "4 audited, 0 failed" in outcome.out
    unknown = bench("audit", "tiny", "--home", ran.home)
    assert unknown.code == 2 and "Did you mean 'tiny_study'" in unknown.err and unknown.out == ""
