"""A file system under watch: each change can be failed, killed or recorded, and cut by power.

`watched` puts itself between Python and the changes below one folder. `Disk` is the model of a
disk that keeps of a record of changes only what was synced, and of the rest what chance keeps.
"""

from __future__ import annotations

import builtins
import io
import os
import pathlib
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock


@dataclass(frozen=True)
class Op:
    """A change. kind: create, write, sync, mkdir, rename, unlink or rmdir; to: of a rename."""

    kind: str
    path: str
    to: str = ""
    data: bytes = b""


Before = Callable[[Op], None]


def unhindered(_op: Op) -> None:
    """Lets everything happen."""


@contextmanager
def watched(root: Path, before: Before = unhindered) -> Iterator[list[Op]]:
    """Tell `before` of every change below `root` ahead of time; it may raise OSError, or worse.

    Gives the list of the changes that were made, paths relative to `root`. A write is two
    changes, so that it can stop half-way.
    """
    watch = _Watch(root.absolute(), before)
    with ExitStack() as stack:
        for owner, name, call in watch.targets():
            stack.enter_context(mock.patch.object(owner, name, call))
        yield watch.done


class _Watch:
    def __init__(self, root: Path, before: Before) -> None:
        self._root, self._before = str(root), before
        self.done: list[Op] = []
        names = ("open", "fsync", "mkdir", "rename", "replace", "unlink", "remove", "rmdir")
        self._os: dict[str, Any] = {name: getattr(os, name) for name in names}
        self._open = io.open

    def targets(self) -> Iterator[tuple[Any, str, Any]]:
        for name in ("fsync", "mkdir", "rename", "replace", "unlink", "remove", "rmdir"):
            yield os, name, getattr(self, name)
        yield os, "open", self.open_handle
        yield builtins, "open", self.open
        yield io, "open", self.open
        accessor = getattr(pathlib, "_NormalAccessor", None)  # Python 3.10 looks names up once
        for name in ("mkdir", "rename", "replace", "unlink", "rmdir", "open") if accessor else ():
            yield accessor, name, staticmethod(getattr(self, name))

    def name(self, path: Any, dir_fd: int | None = None) -> str | None:
        """Relative to the root; None outside."""
        if isinstance(path, int):
            path = os.readlink(f"/proc/self/fd/{path}")
        if dir_fd is not None:
            path = os.path.join(os.readlink(f"/proc/self/fd/{dir_fd}"), path)
        path = os.path.abspath(os.fspath(path))
        if path != self._root and not path.startswith(self._root + os.sep):
            return None
        return os.path.relpath(path, self._root)

    def step(self, op: Op, change: Callable[[], Any]) -> Any:
        self._before(op)
        result = change()
        self.done.append(op)
        return result

    def _one(self, kind: str, call: str, path: Any, *args: Any, **options: Any) -> Any:
        name = self.name(path, options.get("dir_fd"))
        real = self._os[call]
        # What cannot be done (a folder made twice, nothing to remove) changes nothing.
        if name is None or os.path.lexists(os.path.join(self._root, name)) == (kind == "mkdir"):
            return real(path, *args, **options)
        return self.step(Op(kind, name), lambda: real(path, *args, **options))

    def mkdir(self, path: Any, *args: Any, **options: Any) -> None:
        self._one("mkdir", "mkdir", path, *args, **options)

    def unlink(self, path: Any, **options: Any) -> None:
        self._one("unlink", "unlink", path, **options)

    def remove(self, path: Any, **options: Any) -> None:
        self._one("unlink", "unlink", path, **options)

    def rmdir(self, path: Any, **options: Any) -> None:
        self._one("rmdir", "rmdir", path, **options)

    def fsync(self, handle: int) -> None:
        self._one("sync", "fsync", handle)

    def rename(self, path: Any, to: Any) -> None:
        names = self.name(path), self.name(to)
        if None in names:
            self._os["rename"](path, to)
        else:
            self.step(Op("rename", *names), lambda: self._os["rename"](path, to))

    replace = rename

    def open_handle(self, path: Any, flags: int, *args: Any, **options: Any) -> int:
        name = self.name(path, options.get("dir_fd")) if flags & os.O_CREAT else None
        real = self._os["open"]
        if name is None or os.path.exists(path):
            return real(path, flags, *args, **options)
        return self.step(Op("create", name), lambda: real(path, flags, *args, **options))

    def open(
        self,
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        changes = set(mode) & set("wax+")
        name = self.name(file) if changes and not isinstance(file, int) else None
        if name is None:
            return self._open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        assert mode in ("w", "wb"), f"the watched disk does not know mode {mode}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        handle = self.step(Op("create", name), lambda: self._os["open"](file, flags, 0o666))
        out = io.BufferedWriter(_Raw(self, name, handle))
        return out if mode == "wb" else io.TextIOWrapper(out, encoding, errors, newline)


class _Raw(io.RawIOBase):
    """An open file. Without `fileno`, so that NumPy writes through `write` too."""

    def __init__(self, watch: _Watch, name: str, handle: int) -> None:
        self._watch, self._name, self._handle = watch, name, handle

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        whole = bytes(data)
        for half in (whole[: len(whole) // 2], whole[len(whole) // 2 :]):
            if half:
                op = Op("write", self._name, data=half)
                self._watch.step(op, lambda half=half: os.write(self._handle, half))
        return len(whole)

    def close(self) -> None:
        if not self.closed:
            os.close(self._handle)
        super().close()


@dataclass(eq=False)
class File:
    """now: its bytes; kept: those on the disk for certain."""

    now: bytes = b""
    kept: bytes = b""


@dataclass(eq=False)
class Folder:
    """kept: entries on the disk for certain; pending: changes since, None for what went."""

    now: dict[str, File | Folder] = field(default_factory=dict)
    kept: dict[str, File | Folder] = field(default_factory=dict)
    pending: list[dict[str, File | Folder | None]] = field(default_factory=list)


Tree = Mapping[str, bytes | None]
"""Path to bytes; None for a folder."""


class Disk:
    """Applies changes, and says what is left should the power fail now."""

    def __init__(self, root: Path) -> None:
        """From a folder as it is, all of it on the disk for certain."""
        self._root = _known(root)

    def apply(self, op: Op) -> None:
        """One change, as it was recorded."""
        folder, name = self._find(os.path.dirname(op.path)), os.path.basename(op.path)
        if op.path == ".":
            folder = name = None
        match op.kind:
            case "create" if name in folder.now:
                folder.now[name].now = b""
            case "create" | "mkdir":
                _enter(folder, {name: File() if op.kind == "create" else Folder()})
            case "write":
                folder.now[name].now += op.data
            case "sync":
                _sync(folder.now[name] if folder else self._root)
            case "rename":
                assert os.path.dirname(op.path) == os.path.dirname(op.to), "one folder only"
                moved = folder.now[name]
                _enter(folder, {name: None, os.path.basename(op.to): moved})
            case "unlink" | "rmdir":
                _enter(folder, {name: None})
            case _:
                raise AssertionError(op)

    def _find(self, path: str) -> Any:
        node: Any = self._root
        for part in Path(path).parts:
            node = node.now[part]
        return node

    def now(self) -> Tree:
        """What a reader sees while the power is on."""
        return dict(_walk(self._root, lambda f: f.now, lambda _effect: True, whole=True))

    def after_cut(self, kind: str, seed: int = 0) -> Tree:
        """What is there after the power failed.

        lost: nothing that was not synced. names: all names, but no bytes that were not synced.
        renames: as `lost`, but renames took place. all: everything. chance: any of it, half
        files and files of zeros too.
        """
        chance = random.Random(seed)

        def content(file: File) -> bytes:
            if kind == "all":
                return file.now
            if kind != "chance" or file.now == file.kept:
                return file.kept
            part = file.now[: chance.randint(0, len(file.now))]
            return chance.choice((file.kept, file.now, part, b"\0" * len(file.now)))

        def happened(effect: Mapping[str, object]) -> bool:
            if kind == "chance":
                return chance.random() < 0.5
            return kind in ("all", "names") or (kind == "renames" and len(effect) == 2)

        return dict(_walk(self._root, content, happened))


def _enter(folder: Folder, effect: dict[str, File | Folder | None]) -> None:
    folder.pending.append(effect)
    _merge(folder.now, effect)


def _merge(entries: dict[str, Any], effect: Mapping[str, Any]) -> None:
    for name, node in effect.items():
        if node is None:
            entries.pop(name, None)
        else:
            entries[name] = node


def _sync(node: File | Folder) -> None:
    if isinstance(node, File):
        node.kept = node.now
    else:
        node.kept, node.pending = dict(node.now), []


def _known(path: Path) -> Any:
    if path.is_file():
        return File(path.read_bytes(), path.read_bytes())
    entries = {child.name: _known(child) for child in path.iterdir()}
    return Folder(dict(entries), dict(entries))


def _walk(
    folder: Folder,
    content: Callable[[File], bytes],
    happened: Callable[[Mapping[str, object]], bool],
    under: str = "",
    whole: bool = False,
) -> Iterator[tuple[str, bytes | None]]:
    entries = dict(folder.now if whole else folder.kept)
    for effect in () if whole else folder.pending:
        if happened(effect):
            _merge(entries, effect)
    for name, node in sorted(entries.items()):
        if isinstance(node, File):
            yield under + name, content(node)
        else:
            yield under + name, None
            yield from _walk(node, content, happened, f"{under}{name}/", whole)


def tree(root: Path) -> Tree:
    """A folder as `Disk` gives it."""
    paths = sorted(root.rglob("*"))
    return {str(p.relative_to(root)): p.read_bytes() if p.is_file() else None for p in paths}


def write_tree(found: Tree, root: Path) -> None:
    """A folder from what `tree` gives."""
    root.mkdir(parents=True)
    for name, data in found.items():
        if data is None:
            (root / name).mkdir()
        else:
            (root / name).write_bytes(data)
