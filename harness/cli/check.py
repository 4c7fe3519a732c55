"""What `bench check` and `bench cache` print: audits of corpora, contracts of components, contents of the cache."""

from __future__ import annotations

from pathlib import Path

from harness.console import Console
from harness.data import feature_store
from harness.data.corpora import Workspace, open_corpus
from harness.study.files import parse_component
from registry import contracts
from registry.audit import audit
from registry.core import get, kind_named
from registry.errors import UsageError


def check_corpus(name: str, data: Path | None, workers: int, console: Console) -> int:
    """List every problem of a corpus and what is done about it; returns 1 when a run would refuse the corpus."""
    corpus = open_corpus(parse_component("corpora", name), data)
    with console.progress(), console.bar(f"reading {name}", len(corpus)) as bar:
        problems = audit(corpus, workers, bar.update)
    if problems:
        console.table(["kind", "where", "what", "what is done"], [[p.kind, p.subject, p.detail, p.action] for p in problems])
    breaking = sum(p.breaks for p in problems)
    verdict = f"a run refuses it because of {breaking} of them, unless --allow-missing" if breaking else "a run takes it as it is"
    console.result(f"{name}: {corpus.coverage}; {len(problems)} findings; {verdict}")
    return 1 if breaking else 0


def check_component(file: str, kind: str | None, data: Path | None, console: Console) -> int:
    """Run the contracts of a kind over a user's own component, made with its default fields."""
    if kind is None:
        raise UsageError("say what your component is with --kind")
    kind = kind_named(kind)
    component = get(kind, file)()
    for sentence in contracts.check(kind, component, data):
        console.result(f"kept: {sentence}")
    console.result(f"{file}: keeps every contract of {kind}")
    return 0


def show_cache(home: Path, clear: bool, console: Console) -> int:
    """List the entries of the feature cache, or delete them."""
    cache = Workspace(home=home).cache
    if clear:
        console.result(f"freed {feature_store.clear(cache) / 1e6:,.0f} MB in {cache}")
        return 0
    entries = feature_store.entries(cache)
    console.table(["features", "corpus", "clips", "shape", "MB"],
                  [[e.label, e.corpus, f"{e.clips:,}", " × ".join(map(str, e.shape)), f"{e.bytes / 1e6:,.1f}"] for e in entries])
    console.result(f"{len(entries)} entries, {sum(e.bytes for e in entries) / 1e6:,.0f} MB in {cache}; `bench cache --clear` deletes them")
    return 0
