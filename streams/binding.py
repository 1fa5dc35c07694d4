"""A report's name is bound to its definition."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from schemas.definition import Definition, Language, Source
from schemas.errors import Conflict
from streams.collector import UNKNOWN_BRANCH, Collector, FailedCollector
from streams.definitions import AGE_SECONDS
from streams.store.store import Store


def definition_of(
    name: str, sources: Iterable[Source], zone: str, language: Language, profile: str = "default"
) -> Definition:
    """The order of the sources means nothing."""
    ordered = tuple(sorted(sources, key=lambda source: (source.repo, source.branch)))
    return Definition(name=name, sources=ordered, zone=zone, language=language, profile=profile)


def remembered(collector: Collector, bound: Definition | None) -> Collector:
    """A source that cannot be opened now keeps the branch that it had when the name was bound."""
    if bound is None or not isinstance(collector, FailedCollector):
        return collector
    repo = collector.source.repo
    branch = next((source.branch for source in bound.sources if source.repo == repo), None)
    return FailedCollector.of(repo, branch, collector.reason)


async def bind(store: Store, definition: Definition, *, redefine: bool, shared: bool = False) -> None:
    """Bind the definition to its name. Raises Conflict, with both shown, when the name means something else.

    Where the store is `shared`, all who work on commits know of it when this returns.
    """
    bound = await store.definition(definition.name)
    if bound == definition:
        return
    if bound is not None and not redefine and not _completes(definition, bound):
        raise Conflict(
            f"the report {definition.name!r} is bound to\n  {_shown(bound)}\nand this command asks for\n"
            f"  {_shown(definition)}\nGive it another --name, or change its definition with --redefine."
        )
    await store.bind(definition)
    if shared:
        await asyncio.sleep(AGE_SECONDS)


def moved(definition: Definition, bound: Definition) -> list[tuple[Source, Source]] | None:
    """The sources that stand on another branch now, each with the one before. None: they differ in more than that."""
    if definition.model_copy(update={"sources": bound.sources}) != bound:
        return None
    if [source.repo for source in definition.sources] != [source.repo for source in bound.sources]:
        return None
    return [(new, old) for new, old in zip(definition.sources, bound.sources, strict=True) if new != old]


def _completes(definition: Definition, bound: Definition) -> bool:
    """Whether they differ only where a branch was not known before."""
    pairs = moved(definition, bound)
    return pairs is not None and all(old.branch == UNKNOWN_BRANCH for _, old in pairs)


def _shown(definition: Definition) -> str:
    sources = ", ".join(f"{source.repo} ({source.branch})" for source in definition.sources)
    return f"{sources}; zone {definition.zone}, language {definition.language}, profile {definition.profile}"
