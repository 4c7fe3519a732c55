"""It is said at which layers of an encoder heard voices are worth something."""

from __future__ import annotations

from pathlib import Path

from made_records import boards_of, row

from harness.evaluation.voices import VoicesOfRow, voices
from harness.reports.figures import layers_figure
from harness.reports.layers_section import layers_markdown
from harness.training.figures import save

NAN = float("nan")
SERIES = [(0, VoicesOfRow("net", (0.56, 0.49, 0.63), (0.63, 0.6, 0.66), (0.07, 0.01, 0.13), 100, 9)),
          (5, VoicesOfRow("few", (0.5, NAN, NAN), (0.6, 0.5, 0.7), (0.1, NAN, NAN), 40, 4))]


def test_it_is_said_at_which_layers_heard_voices_are_worth_something() -> None:
    heard, new = {"split": "random_70_30", "shares_speakers": "True"}, {"split": "unseen_speakers_70_30"}
    made = [row("weak" if (kind, layer) == ("new", 1) else f"{kind}{layer}", "net", protocol, feature_space=f"whisper[layers=({layer},)]")
             for layer in range(3) for kind, protocol in (("heard", heard), ("new", new))]
    text = layers_markdown(voices(boards_of(*made)), lambda pair, name: f"{name}.png")
    assert text[0].startswith("**whisper[one layer] × net**, random_70_30 less unseen_speakers_70_30: heard voices are worth most at ")
    assert " at layer 1, +" in text[0] and ", and least at layer 0, +0.0 " in text[0]
    assert text[0].endswith("more than chance explains at layer 1.")
    assert text[1].endswith("net.png)") and layers_markdown([]) == []


def test_the_picture_takes_a_layer_without_an_interval_and_gives_the_same_bytes_again(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        save(layers_figure(SERIES, "whisper[one layer]"), tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
