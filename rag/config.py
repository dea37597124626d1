"""Settings: defaults, then `rag.toml`, then `RAG_*` in the environment, then flags.

Unknown keys are refused, numbers have bounds. Everything else in the program is given a
finished `Settings`; nothing reads the environment on its own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from rag.errors import ConfigError

CONFIG_FILE = Path("rag.toml")
ENV_PREFIX = "RAG_"


def _default_cache() -> Path:
    return platformdirs.user_cache_path("report-rag")


class Settings(BaseSettings):
    """All that can be chosen. Frozen; make another one to change a value.

    encoder, generator: `bundled` (what pip delivers), for the generator also `bundled-large`,
    a Hugging Face id, or a local folder. generators: more of these, between which and the usual
    one every visitor may choose; each that is chosen stays in memory.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, toml_file=CONFIG_FILE, frozen=True, extra="forbid"
    )

    corpus: Path = Field(Path("corpus"), description="folder of issue files")
    index: Path = Field(Path("index"), description="folder of the index")
    cache_dir: Path = Field(default_factory=_default_cache, description="folder of unpacked models")

    encoder: str = Field("bundled", min_length=1, description="model that embeds text")
    generator: str = Field("bundled", min_length=1, description="model that writes answers")
    generators: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], NoDecode] = Field(
        (), description="models that a visitor may choose besides `generator`"
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="where models run")
    precision: Literal["auto", "bfloat16", "float32"] = Field(
        "auto", description="auto measures once which is faster here"
    )
    threads: int = Field(0, ge=0, le=256, description="CPU threads of a model; 0: all cores")

    passage_chars: int = Field(300, ge=50, le=2000, description="length of a passage, about")
    sparse_weight: float = Field(0.7, ge=0, le=1, description="BM25's share of the fused score")
    sources: int = Field(3, ge=1, le=20, description="passages the generator reads")
    answer_tokens: int = Field(160, ge=16, le=2048, description="longest answer, in tokens")
    question_chars: int = Field(500, ge=10, le=5000, description="longest question taken")

    abstain: Path = Field(
        Path("abstain.json"), description="when to refuse, from `rag calibrate`; else the default"
    )

    feedback: Path = Field(
        Path("feedback.sqlite3"), description="what users think of answers, from the chat"
    )
    conversations: Path = Field(
        Path("conversations.sqlite3"), description="conversations of those who log in"
    )

    cases: Path = Field(Path("tests/qa"), description="folder of case files for the tab 评测")

    upload_mb: int = Field(20, ge=1, le=50, description="largest file that the page takes in")

    host: str = Field("127.0.0.1", min_length=1, description="address of the chat")
    port: int = Field(7860, ge=1, le=65535, description="port of the chat")
    hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="names under which the chat is opened, besides this machine's own"
    )
    users: Path = Field(Path("users.json"), description="who may ask, from `rag users add`")
    questions_a_minute: int = Field(
        30, ge=0, le=10_000, description="questions that one visitor may ask; 0: no limit"
    )
    mcp: bool = Field(False, description="serve /ask and /search as MCP tools too")

    @property
    def offered(self) -> tuple[str, ...]:
        """The generators that a visitor may choose between, each once; the usual one first."""
        return tuple(dict.fromkeys((self.generator, *self.generators)))

    @field_validator("hosts", "generators", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """In the environment names stand with commas between them."""
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags before the environment before the file; no .env, no secrets folder."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**flags: object) -> Settings:
    """Settings from all sources; flags that are None count as not given.

    Raises ConfigError for an unknown key or a value out of bounds, naming the key.
    """
    unknown = [
        name
        for name in os.environ
        if name.startswith(ENV_PREFIX)
        and name.removeprefix(ENV_PREFIX).lower() not in Settings.model_fields
    ]
    if unknown:
        raise ConfigError(f"unknown setting {unknown[0]} in the environment; unset it")
    try:
        given: dict[str, Any] = {name: value for name, value in flags.items() if value is not None}
        return Settings(**given)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(str(part) for part in problem["loc"]) or "?"
        raise ConfigError(
            f"setting {key}: {problem['msg']}; put it right in {CONFIG_FILE}, "
            f"{ENV_PREFIX}{key.upper()} or the flag"
        ) from error
    except ValueError as error:  # rag.toml is not TOML
        raise ConfigError(f"{CONFIG_FILE}: {error}; put it right or remove it") from error
