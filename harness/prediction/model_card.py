"""The model card of an exported model, as Hugging Face's hub reads it: a YAML header, then what a user must know, in Markdown."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from harness.evaluation.intervals import SCORES
from harness.evaluation.kept_models import KeptModel
from harness.evaluation.leaderboard import Leaderboard, read_leaderboards
from harness.evaluation.rows import Row
from harness.prediction.exported_model import KERAS, LITERT, ONNX
from harness.prediction.proof import TOLERANCE, Proof
from harness.reports.markdown import code, escape, plural, table, with_spread
from harness.tracking.run_record import RunRecord, counts_in_words
from harness.tracking.store import Store
from harness.training.saved_model import WaveformModel
from registry.corpus import Corpus

METRICS = (("uar", "recall", "test UAR (mean recall over emotions)"), ("wa", "accuracy", "test accuracy"),
           ("macro_f1", "f1", "test macro-F1"))
"""Score -> its type on the hub, and its name."""
LIBRARIES = {ONNX: "onnx", LITERT: "tflite", KERAS: "keras"}
"""What the folder holds -> its name on the hub."""
TAGS = ("speech-emotion-recognition", "audio-classification", "ser-bench")
NOT_FOR = """Not for decisions about people, as in hiring, schooling, policing, insurance or health. What is predicted is how a voice sounds
to the people who labelled the corpus, not what somebody feels; many jurisdictions restrict or forbid such use."""
RUN = """pip install -r requirements.txt
python front_end.py clip.wav"""
PYTHON = """from front_end import load

model = load()
print(model.predict("clip.wav"))"""


def model_card(kept: KeptModel, model: WaveformModel, store: Store, corpus: Corpus, about: dict[str, Any], proof: Proof,
               why_keras: str) -> str:
    """The text of `README.md`. Args: why_keras: why there is no ONNX, where there is none."""
    board, row = _place(kept, store)
    run = kept.run
    name = f"{kept.tracker.study_name}: {run.about.label}"
    sections = {
        "": f"# {escape(name)}\n\n{_summary(model, run, board, row)}",
        "Use it": _use(about, why_keras),
        "Intended use": f"Research on speech emotion recognition, and recordings like those of {escape(corpus.name)}: one speaker, one "
                        f"utterance of at most {model.heard_s:g} s, in one of these emotions: {_named(model.emotions)}.\n\n{NOT_FOR}",
        "Training": _training(run, model, corpus),
        "Figures": _figures(run, board, row, model.emotions),
        "Limits": _limits(run, corpus, board, row),
        "Checked": _checked(proof, about),
        "Reproduce": _reproduce(run)}
    body = "\n\n".join(f"## {head}\n\n{text}" if head else text for head, text in sections.items())
    return f"---\n{_header(name, run, corpus, about, row, board)}\n---\n\n{body}\n"


def _named(emotions: Sequence[str]) -> str:
    return ", ".join(map(code, emotions))


def _place(kept: KeptModel, store: Store) -> tuple[Leaderboard | None, Row | None]:
    """The leaderboard and the row that a model's run belongs to; neither where its finals are not those of the latest call."""
    for board in read_leaderboards(store, kept.tracker.study_name)[1]:
        for each in (board, *board.folds):
            for row in each.rows:
                if kept.run.run_id in row.seed_runs and not row.folds_done:
                    return each, row
    return None, None


def _header(name: str, run: RunRecord, corpus: Corpus, about: dict[str, Any], row: Row | None, board: Leaderboard | None) -> str:
    """The YAML: scalars are quoted as JSON is, which YAML reads."""
    text = json.dumps
    metrics = "\n".join(f"    - type: {kind}\n      name: {text(label)}\n      value: {run.metrics[f'test/{score}']:.4f}"
                        for score, kind, label in METRICS)
    return "\n".join(["license: other", "license_name: " + text("depends on the training corpus: " + (corpus.licence or "not known")),
                      f"library_name: {LIBRARIES[about.get('network', KERAS)]}", "pipeline_tag: audio-classification", "tags:",
                      *(f"- {tag}" for tag in TAGS), "model-index:", f"- name: {text(name, ensure_ascii=False)}", "  results:",
                      "  - task:\n      type: audio-classification\n      name: Speech emotion recognition",
                      f"    dataset:\n      name: {text(corpus.name)}\n      type: {text(corpus.name)}\n      config: "
                      f"{text(run.about.split)}\n      split: test", f"    metrics:\n{metrics}"])


def _summary(model: WaveformModel, run: RunRecord, board: Leaderboard | None, row: Row | None) -> str:
    voices = "voices that it has heard in training" if run.about.shares_speakers else "speakers whom it has not heard"
    uar = run.metrics["test/uar"]
    figure = (f"Test UAR {with_spread(row.test['uar'], board.interval(row))} ({plural(row.seeds, 'seed')} of this row; this one {uar:.3f})"
              if row and board else f"Test UAR {uar:.3f}")
    synthetic = " **Its training clips are synthesised: it shows that everything works, and says nothing about speech.**"
    return (f"Which of {len(model.emotions)} emotions a clip of speech sounds like. {figure} on {voices}; guessing gives "
            f"{1 / len(model.emotions):.3f}." + (synthetic if run.about.synthetic else ""))


def _use(about: dict[str, Any], why_keras: str) -> str:
    if why_keras:
        return (f"There is no `model.onnx`: {escape(why_keras)}. `keras/` holds the Keras network, `keras/listening.json` how recordings "
                "become its input, and `bench predict DIR clip.wav` does both.")
    network, clips = code(about["network"]), "1" if about["network"] == LITERT else "batch"
    takes = (f"{network} takes `waveform`, (batch, {about['samples']}) float32 in [-1, 1] at {about['sample_rate']:,} Hz, mono, padded "
             "with zeros or cut; features and normalisation are inside."
             if about["input"] == "waveform" else
             f"{network} takes `features`, ({clips}, frames, bands) float32: `front_end.py` computes them with bench's source in `code/`.")
    return (f"```sh\n{RUN}\n```\n\n```python\n{PYTHON}\n```\n\n{takes} It gives `probabilities`, {len(about['emotions'])} of each clip, of "
            f"{_named(about['emotions'])}. `front_end.py` says what is done to a recording first, and does it. With bench, "
            "`bench predict DIR clip.wav` takes this folder, long recordings too. `keras/` holds the same network for Keras.")


def _training(run: RunRecord, model: WaveformModel, corpus: Corpus) -> str:
    about = run.about
    lines = [["corpus", f"{escape(corpus.name)}, {escape(about.coverage)}" + (f"; {escape(corpus.citation)}" if corpus.citation else "")],
             ["licence of the corpus", escape(corpus.licence or "not known")],
             ["protocol", code(about.split)], ["clips", escape(counts_in_words(about.clips)) if about.clips else "not recorded"],
             ["speakers", escape(counts_in_words(about.speakers)) if about.speakers else "not recorded"],
             ["features", code(model.space.label)], ["network", code(about.architecture or about.recipe)],
             *([["augmentation", code(about.augmentation)]] if about.augmentation else []),
             ["parameters", f"{int(run.metrics.get('parameters', 0)):,}"]]
    for name, facts in model.space.pretrained.items():
        lines.append([f"pretrained: {escape(name)}", escape("; ".join(f"{what}: {fact}" for what, fact in facts.items()))])
    return table(["what", "value"], lines, "ll")


def _figures(run: RunRecord, board: Leaderboard | None, row: Row | None, emotions: tuple[str, ...]) -> str:
    lines = []
    for score, label in SCORES.items():
        of_row = with_spread(row.test[score], board.interval(row, score)) if row and board else "–"
        lines.append([label, f"{run.metrics[f'test/{score}']:.3f}", of_row])
    for reference in board.references if board else []:
        value, low, high = reference.figures["uar"]
        lines.append([f"UAR of {escape(reference.name)}", "–", with_spread((value, math.nan), (low, high))])
    recalls = [[code(emotion), *(f"{run.metrics[name]:.3f}" if (name := f"test/{figure}_{emotion}") in run.metrics else "–"
                                 for figure in ("recall", "precision"))] for emotion in emotions]
    opened = f", which was scored {plural(row.test_openings, 'time')} in all for this row" if row else ""
    return (f"On the test part of {code(run.about.split)}{opened}:\n\n"
            + table(["figure", "this model", "its row: mean ± deviation over seeds, 95 % interval"], lines, "lr") + "\n\n"
            + table(["emotion", "recall", "precision"], recalls, "lr"))


def _limits(run: RunRecord, corpus: Corpus, board: Leaderboard | None, row: Row | None) -> str:
    heard = ("Its test speakers were heard in training: on new speakers it is worse by an amount that this figure does not show."
             if run.about.shares_speakers else
             "Its test speakers are of one corpus: other rooms, microphones, languages and ages were not tested.")
    marks = [escape(mark) for mark in board.marks(row) if mark != "chosen"] if board and row else []
    cut = [f"Not heard whole: {escape(run.about.cut)}."] if run.about.cut and not marks else []
    return "\n".join(f"- {line}" for line in (
        heard, f"It knows no other emotion than the {len(corpus.emotions)} of {escape(corpus.name)}, and gives each clip one of them, "
               "noise, silence and music, too.", "A probability is no certainty: networks are often surer than they are right.", *cut,
        *([f"Marks of its row: {'; '.join(marks)}."] if marks else [])))


def _checked(proof: Proof, about: dict[str, Any]) -> str:
    return (f"Before this folder was written, its probabilities were compared with those of the original on {len(proof.clips)} test "
            f"clips: they differ by at most {proof.difference:.1e}, and {TOLERANCE:g} is allowed. From what the run logged when it "
            f"was trained they differ by at most {proof.to_logged:.1e}. `export.json` lists the "
            f"clips. Written by {escape(about['written_by'])}.")


def _reproduce(run: RunRecord) -> str:
    facts = [["run", code(run.run_id)], ["command", code(run.about.command)] if run.about.command else [],
             ["commit", code(run.about.commit)] if run.about.commit else [], ["versions", escape(run.about.versions)],
             ["Python", escape(run.about.python)]]
    return table(["what", "value"], [fact for fact in facts if fact and fact[1]], "ll")
