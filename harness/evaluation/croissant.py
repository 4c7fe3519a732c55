"""Describes the splits and predictions of a bundle as Croissant 1.0, the JSON-LD by which data sets are found and read without own code.

Reference: Akhtar et al., "Croissant: a metadata format for ML-ready datasets", DEEM 2024.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from harness.evaluation.bundled_runs import as_json, place
from harness.evaluation.sealed_zip import VERSION
from harness.evaluation.study_records import RECORD
from harness.study.files import parse_component
from harness.tracking.run_record import RunRecord
from registry.errors import BenchError

CROISSANT, FORM = "croissant.json", "http://mlcommons.org/croissant/1.0"
TERMS = ("citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty", "fileSet", "format", "includes",
         "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex", "repeated", "replace",
         "samplingRate", "separator", "source", "subField", "transform")  # of Croissant's own vocabulary
CONTEXT: Mapping[str, Any] = {
    "@language": "en", "@vocab": "https://schema.org/", "sc": "https://schema.org/", "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/", "dct": "http://purl.org/dc/terms/", "conformsTo": "dct:conformsTo",
    **{term: f"cr:{term}" for term in TERMS}, "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, "examples": {"@id": "cr:examples", "@type": "@json"}}
OF_CLIPS = {"clip": "Id of the clip", "part": "train, validation or test", "speaker": "Who speaks",
            "emotion": "Emotion that was intended", "truth": "Emotion that was intended", "human": "Emotion that most listeners heard",
            "votes": "How many listeners heard which emotion"}
"""Column of a table -> what stands in it; the others of a clip say it by their names."""


def described(study: str, files: Mapping[str, bytes], seeds: Sequence[RunRecord]) -> bytes:
    """The description of a bundle's tables. Args: files: name -> content of each. seeds: the runs whose predictions lie in them."""
    tables = {name: files[name] for name in sorted(files) if name.endswith(".csv") and not name.endswith("history.csv")}
    about = {place(seed.run_id, f"{part}.csv"): (part, seed) for seed in seeds for part in ("validation", "test")}
    corpora = sorted({seed.about.corpus_label or seed.about.corpus for seed in seeds})
    question = json.loads(files[RECORD])["studies"][study]["question"]
    return as_json({
        "@context": CONTEXT, "@type": "sc:Dataset", "conformsTo": FORM, "name": study, "version": f"{VERSION}.0.0",
        "description": f"{question or study} Which clip is in which part, and what each network took it for. Clips are named, none is in "
                       f"here. Corpus: {', '.join(corpora)}.",
        "license": [f"{corpus}: {_fact(corpus, 'licence') or 'not known'}" for corpus in corpora],
        **({"citeAs": " ".join(facts)} if (facts := [fact for corpus in corpora if (fact := _fact(corpus, "citation"))]) else {}),
        "datePublished": datetime.fromtimestamp(max(seed.started_at for seed in seeds), UTC).date().isoformat(),
        "distribution": [_file(name, content) for name, content in tables.items()],
        "recordSet": [_records(name, _head(content), *_in_words(name, about)) for name, content in tables.items()]})


def other_files(document: bytes, files: Mapping[str, bytes]) -> tuple[int, list[str]]:
    """How many files a description lists, and which are missing or not as it says. Raises: ValueError and its like for a damaged one."""
    listed = json.loads(document)["distribution"]
    return len(listed), [f"{CROISSANT} says that {each['contentUrl']} has another SHA-256" for each in listed
                         if hashlib.sha256(files.get(each["contentUrl"], b"")).hexdigest() != each["sha256"]]


def _fact(corpus: str, name: str) -> str:
    """What a corpus says of itself; empty for one whose file is not at hand."""
    try:
        loader = parse_component("corpora", corpus)
    except BenchError:
        return ""
    if members := getattr(loader, "corpora", ()):
        return "; ".join(f"{member}: {fact}" for member in members if (fact := _fact(member, name)))
    return str(getattr(loader, name, ""))


def _file(name: str, content: bytes) -> dict[str, Any]:
    return {"@type": "cr:FileObject", "@id": name, "name": name, "contentUrl": name, "contentSize": f"{len(content)} B",
            "encodingFormat": "text/csv", "sha256": hashlib.sha256(content).hexdigest()}


def _head(content: bytes) -> list[str]:
    return next(csv.reader(io.StringIO(content.decode(), newline="")), [])


def _in_words(name: str, about: Mapping[str, tuple[str, RunRecord]]) -> tuple[str, str]:
    """What a table is, and what its other columns are."""
    if name not in about:
        return f"The split {name.removeprefix('splits/').removesuffix('.csv')}: which clip is in which part", ""
    part, seed = about[name]
    return (f"Predictions of seed {seed.seed} of {seed.about.label} on the {part} part of {seed.about.split}; the emotion of the largest "
            "probability, the first of equals, is the predicted one"), "Probability of the emotion"


def _records(name: str, head: Sequence[str], description: str, of_emotion: str) -> dict[str, Any]:
    """The record set of one table; its id is the file's without the ending."""
    key = name.removesuffix(".csv")
    return {"@type": "cr:RecordSet", "@id": key, "name": key, "description": description, "key": {"@id": f"{key}/clip"},
            "field": list(_fields(key, name, head, of_emotion))}


def _fields(key: str, name: str, head: Sequence[str], of_emotion: str) -> Iterator[dict[str, Any]]:
    after = head.index("truth") if "truth" in head else len(head)
    for at, column in enumerate(head):
        text = f"{of_emotion} {column}" if at > after else OF_CLIPS.get(column, f"The clip's {column}")
        kind = "sc:Float" if at > after else "sc:Integer" if column == "age" else "sc:Text"
        yield {"@type": "cr:Field", "@id": f"{key}/{quote(column, safe='')}", "name": column, "description": text, "dataType": kind,
               "source": {"fileObject": {"@id": name}, "extract": {"column": column}}}
