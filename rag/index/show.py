"""The index, and what a build would do to it, in words and as facts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rag.errors import IndexMissing, StoreError
from rag.index.plan import Plan
from rag.index.store import Store
from rag.types import Manifest


def show_plan(plan: Plan) -> Iterator[str]:
    """Lines for `rag build --dry-run`: every file that differs, then counts."""
    files = plan.files
    for kind, names in (("new", files.new), ("changed", files.changed), ("removed", files.removed)):
        yield from (f"{kind:10}{name}" for name in names)
    yield from (f"{'renamed':10}{old} -> {new}" for old, new in files.renamed)
    yield from (f"{'skipped':10}{item.source}: {item.reason}" for item in plan.unreadable)
    yield (
        f"{len(files.new)} new, {len(files.changed)} changed, {len(files.removed)} removed, "
        f"{len(files.renamed)} renamed, {len(files.unchanged)} unchanged files"
    )
    embed, cut = len(plan.to_embed), len(plan.to_cut)
    yield (
        f"{plan.passages} passages: {embed} to embed, {cut} to cut, {plan.passages - embed} reused"
    )


def status(store: Store) -> dict[str, Any]:
    """What the index in use holds, and all generations, oldest first.

    Where none can be used, `problem` says why. Raises IndexMissing where nothing was built.
    """
    facts: dict[str, Any] = {"index": str(store.folder), "problem": ""}
    try:
        return facts | _in_use(store, store.manifest())
    except IndexMissing:
        raise
    except StoreError as error:
        return facts | {
            "problem": str(error),
            "generations": [_generation(store, name, "") for name in store.names()],
            "unreadable": [],
        }


def _in_use(store: Store, manifest: Manifest) -> dict[str, Any]:
    return {
        "version": manifest.version,
        "built": manifest.built,
        "issues": manifest.issues,
        "articles": manifest.articles,
        "passages": manifest.passages,
        "encoder": manifest.encoder,
        "dimensions": manifest.dimensions,
        "segments": len(manifest.segments),
        "bytes": store.size(manifest),
        "generations": [_generation(store, name, manifest.version) for name in store.names()],
        "unreadable": [{"file": u.source, "reason": u.reason} for u in manifest.unreadable],
    }


def _generation(store: Store, name: str, current: str) -> dict[str, Any]:
    facts: dict[str, Any] = {"version": name, "in_use": name == current}
    try:
        manifest = store.manifest(name)
    except StoreError as error:
        return facts | {"problem": str(error)}
    counts = {kind: getattr(manifest, kind) for kind in ("issues", "articles", "passages")}
    return facts | {"built": manifest.built, **counts, "problem": ""}


def show_status(facts: dict[str, Any]) -> Iterator[str]:
    """Lines for `rag status`."""
    size = {"bytes": f"{facts['bytes'] / 2**20:.1f} MiB"} if "bytes" in facts else {}
    shown = facts | {
        **size,
        "generations": "",
        "unreadable": ", ".join(f"{u['file']} ({u['reason']})" for u in facts["unreadable"]),
    }
    for name, fact in shown.items():
        if name == "generations":
            for generation in facts["generations"]:
                yield f"{'generation':12}{_show_generation(generation)}"
        else:
            yield f"{name:12}{fact if fact != '' else 'none'}"


def _show_generation(facts: dict[str, Any]) -> str:
    if facts["problem"]:
        return f"{facts['version']}  {facts['problem']}"
    counts = ", ".join(f"{facts[kind]} {kind}" for kind in ("issues", "articles", "passages"))
    mark = "  in use" if facts["in_use"] else ""
    return f"{facts['version']}  {facts['built']}  {counts}{mark}"
