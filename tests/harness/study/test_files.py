"""Labels on the command line stand for the study's own components first."""

from __future__ import annotations

from pathlib import Path

from calls import study_file

from harness.study.files import chosen_study, parse_component
from registry.architectures.plain_1d import Plain1D
from registry.core import short_label
from registry.corpora.synthetic import Synthetic


def test_labels_of_the_study_s_own_corpus_and_splits_choose_these(tmp_path: Path) -> None:
    (tmp_path / "halves.py").write_text("from registry.core import register\n@register('halves')\nclass Halves:\n    share: float = 0.5\n")
    file = study_file(tmp_path, f"splits=(*STUDY.splits, get('splits', {str(tmp_path / 'halves.py')!r})(share=0.4), SpeakerFolds(fold=3))",
                      preamble="from registry.core import get\nfrom registry.splits.speaker_folds import SpeakerFolds")
    labels = ["halves[share=0.4]", "speaker_folds[fold=3]", "speaker_folds[fold=2]"]
    for corpus in ("synthetic", "synthetic[n_speakers=4, n_sentences=2]"):
        chosen = chosen_study(str(file), corpus=corpus, splits=labels).study
        assert chosen.corpus == Synthetic(n_speakers=4, n_sentences=2) and [short_label(split) for split in chosen.splits] == labels
    assert chosen_study(str(file), corpus="synthetic[n_speakers=6]").study.corpus == Synthetic(n_speakers=6)


def test_a_comma_inside_a_tuple_parts_no_fields() -> None:
    assert parse_component("architectures", "plain_1d[filters=(4, 8), dense=()]") == Plain1D(filters=(4, 8), dense=())
