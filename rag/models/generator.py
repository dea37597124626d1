"""The generator: chat messages to text, piece by piece."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from rag.config import Settings
from rag.errors import ModelError
from rag.models.bundled import GENERATOR, GENERATOR_LARGE, BundledModel
from rag.models.hub import local_only
from rag.models.job import Job
from rag.models.runtime import Runtime, first_line, prepare, well_formed
from rag.models.unpack import unpacked
from rag.progress import Progress, Silent

if TYPE_CHECKING:
    import torch
    from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

BUNDLED_NAMES: dict[str, BundledModel] = {"bundled": GENERATOR, "bundled-large": GENERATOR_LARGE}
LOOKUP_TOKENS = 10
"""Tokens guessed from the prompt at each step. Answers copy from their evidence, so most
guesses hold: 32-43 tokens a second instead of 14. The text is the same as without."""
POLL_SECONDS = 0.05
OTHER_REMEDY = (
    "give a folder or a Hugging Face id that this machine has or can reach, or set "
    "RAG_GENERATOR=bundled"
)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


class Generator(Protocol):
    """Writes text for a prompt."""

    @property
    def name(self) -> str:
        """Which weights answered, as shown to the user."""
        ...

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        cancel: threading.Event | None = None,
    ) -> Iterator[str]:
        """Yield pieces of text as they are written, greedily (no sampling).

        Stops within one decoding step once `cancel` is set; closing the iterator cancels too.
        """
        ...


class TransformersGenerator:
    """A `Generator` over transformers. Threads may share one; their calls take turns."""

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, name: str
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._name = name
        self._turn = threading.Lock()
        self._config = _greedy(model, tokenizer)
        known = tokenizer.added_tokens_decoder.values()
        self._marks = tuple(token.content for token in known if token.special)

    @classmethod
    def open(cls, settings: Settings, progress: Progress | None = None) -> TransformersGenerator:
        """What `settings.generator` names: `bundled`, `bundled-large`, a Hugging Face id or a
        folder. Raises ModelError, with the command that gets it, where it cannot be had.
        """
        bundled = BUNDLED_NAMES.get(settings.generator)
        runtime = prepare(settings)
        if bundled is None:
            return cls._load(settings.generator, settings.generator, runtime, OTHER_REMEDY)
        folder = unpacked(bundled, settings.cache_dir, progress or Silent())
        return cls._load(str(folder), bundled.id, runtime, f"delete {folder}, it is made again")

    @classmethod
    def _load(cls, source: str, name: str, runtime: Runtime, remedy: str) -> TransformersGenerator:
        from safetensors import SafetensorError
        from transformers import AutoModelForCausalLM, AutoTokenizer

        local = local_only(source)
        try:
            tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=local)
            model = AutoModelForCausalLM.from_pretrained(
                source,
                dtype=runtime.dtype,
                device_map={"": runtime.device},
                local_files_only=local,
            )
        except (OSError, ValueError, RuntimeError, ImportError, SafetensorError) as error:
            raise ModelError(
                f"generator {source} cannot be loaded ({first_line(error)}); {remedy}"
            ) from error
        if not tokenizer.chat_template:
            raise ModelError(f"generator {source} has no chat template; take an instruct model")
        made = cls(model, tokenizer, name)
        for _ in made.stream([Message("user", "你好")], max_tokens=1):
            pass  # the first answer takes longer: better now than when a question waits
        return made

    @property
    def name(self) -> str:
        """Bundled: model name and hash of its file; otherwise the id or the folder."""
        return self._name

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        cancel: threading.Event | None = None,
    ) -> Iterator[str]:
        """Yield pieces of text as they are written, greedily (no sampling).

        Stops within one decoding step once `cancel` is set; closing the iterator cancels too.
        A call waits for the one before it, and gives up waiting once `cancel` is set.
        Raises ModelError where the model fails or the prompt is longer than it can read.
        """
        with self._my_turn(cancel) as granted:
            if not granted:
                return
            prompt = self._prompt(messages, max_tokens)
            job = Job(self._tokenizer, cancel)
            worker = threading.Thread(
                target=self._write, args=(prompt, max_tokens, job), name="generate", daemon=True
            )
            worker.start()
            try:
                yield from job.pieces()
            finally:
                job.stop.set()
                worker.join()

    @contextmanager
    def _my_turn(self, cancel: threading.Event | None) -> Iterator[bool]:
        while not self._turn.acquire(timeout=POLL_SECONDS):
            if cancel is not None and cancel.is_set():
                yield False
                return
        try:
            yield cancel is None or not cancel.is_set()
        finally:
            self._turn.release()

    def _prompt(self, messages: Sequence[Message], max_tokens: int) -> torch.Tensor:
        """Token ids, int64 [1, n]."""
        import torch

        turns = [{"role": turn.role, "content": self._plain(turn.content)} for turn in messages]
        # Models that can think aloud before they answer are told not to; others ignore it.
        text = self._tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        ids = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        longest = getattr(self._model.config, "max_position_embeddings", None)
        if longest and len(ids) + max_tokens > longest:
            raise ModelError(
                f"a prompt of {len(ids)} tokens and an answer of {max_tokens} are more than the "
                f"{longest} that {self._name} can read; lower RAG_SOURCES or RAG_ANSWER_TOKENS"
            )
        return torch.tensor([ids], device=self._model.device)

    def _plain(self, text: str) -> str:
        """`text` without the model's control marks: an article must not end its own turn."""
        for mark in self._marks:
            text = text.replace(mark, "")
        return well_formed(text)

    def _write(self, prompt: torch.Tensor, max_tokens: int, job: Job) -> None:
        """Runs in the worker thread; what goes wrong here is raised where pieces are read."""
        import torch
        from transformers import StoppingCriteriaList

        try:
            with torch.inference_mode():
                cast("Any", self._model).generate(
                    prompt,
                    attention_mask=torch.ones_like(prompt),
                    generation_config=self._config,
                    max_new_tokens=max_tokens,
                    streamer=job,
                    stopping_criteria=StoppingCriteriaList([job.halted]),
                )
        except Exception as error:  # noqa: BLE001 - handed over whole to the reading thread
            job.fail(error)
        else:
            job.finish()


def _greedy(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> GenerationConfig:
    """Generation settings that give the likeliest token each time, whatever the model's say."""
    from transformers import GenerationConfig

    own = model.generation_config
    end = own.eos_token_id if own.eos_token_id is not None else tokenizer.eos_token_id
    padding = tokenizer.pad_token_id
    if padding is None:
        padding = end[0] if isinstance(end, list) else end
    return GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=False,
        num_beams=1,
        eos_token_id=end,
        pad_token_id=padding,
        prompt_lookup_num_tokens=LOOKUP_TOKENS,
    )
