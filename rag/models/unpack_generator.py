"""A bundled GGUF file of the Qwen2 family to a folder that transformers loads in seconds.

transformers can read GGUF itself, but parses the file once for the configuration, once for the
tokenizer and once for the weights, at every start. Here it is read once, for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import ModelError
from rag.progress import Progress

if TYPE_CHECKING:
    import torch
    from gguf import GGUFReader
    from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen2Config

ARCHITECTURE = "qwen2"
# Qwen2's rule for cutting text before byte pairs are merged; digits stand alone.
PRETOKENIZE = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CONTROL = 3
"""GGUF's token type of `<|im_start|>` and its like."""

NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def qwen2_name(name: str) -> str:
    """`blk.3.attn_q.weight` to `model.layers.3.self_attn.q_proj.weight`."""
    *block, part, kind = name.split(".")
    prefix = f"model.layers.{block[1]}." if block else ""
    return f"{prefix}{NAMES[part]}.{kind}"


def unpack_generator(source: Path, folder: Path, progress: Progress) -> None:
    """Write the folder made of the GGUF file `source` to `folder`, weights in bfloat16.

    Raises ModelError where the file is of another family.
    """
    from gguf import GGUFReader
    from safetensors.torch import save_file

    with progress.task("读取生成模型", 1) as advance:
        reader = GGUFReader(source)
        advance(1)
    architecture = _field(reader, "general.architecture")
    if architecture != ARCHITECTURE:
        raise ModelError(f"{source.name} holds a {architecture} instead of a {ARCHITECTURE}")
    config = _config(reader)
    weights = _weights(reader, progress)
    with progress.task("保存生成模型", 2) as advance:
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        advance(1)
        config.save_pretrained(folder)
        _generation_config(reader).save_pretrained(folder)
        _tokenizer(reader).save_pretrained(folder)
        advance(1)


def _weights(reader: GGUFReader, progress: Progress) -> dict[str, torch.Tensor]:
    """Named weights. Input and output embeddings are one matrix in these models; GGUF keeps it
    twice where it rounds the two differently, and the output's copy is the finer one."""
    import torch
    from gguf import dequantize

    tensors = {tensor.name: tensor for tensor in reader.tensors}
    finer = tensors.pop("output.weight", None)
    if finer is not None:
        tensors["token_embd.weight"] = finer
    weights = {}
    with progress.task(
        "转换生成模型", sum(int(t.n_elements) >> 20 for t in tensors.values())
    ) as go:
        for name, tensor in tensors.items():
            values = dequantize(tensor.data, tensor.tensor_type)
            weights[qwen2_name(name)] = torch.from_numpy(values.copy()).to(torch.bfloat16)
            go(int(tensor.n_elements) >> 20)
    return weights


def _config(reader: GGUFReader) -> Qwen2Config:
    from transformers import Qwen2Config

    def size(key: str) -> int:
        return int(_field(reader, f"{ARCHITECTURE}.{key}"))

    return Qwen2Config(
        architectures=["Qwen2ForCausalLM"],
        dtype="bfloat16",
        vocab_size=len(_field(reader, "tokenizer.ggml.tokens")),
        hidden_size=size("embedding_length"),
        intermediate_size=size("feed_forward_length"),
        num_hidden_layers=size("block_count"),
        num_attention_heads=size("attention.head_count"),
        num_key_value_heads=size("attention.head_count_kv"),
        max_position_embeddings=size("context_length"),
        rms_norm_eps=float(_field(reader, f"{ARCHITECTURE}.attention.layer_norm_rms_epsilon")),
        rope_parameters={
            "rope_type": "default",
            "rope_theta": float(_field(reader, f"{ARCHITECTURE}.rope.freq_base")),
        },
        tie_word_embeddings=True,
        eos_token_id=int(_field(reader, "tokenizer.ggml.eos_token_id")),
        pad_token_id=int(_field(reader, "tokenizer.ggml.padding_token_id")),
        bos_token_id=int(_field(reader, "tokenizer.ggml.bos_token_id")),
    )


def _generation_config(reader: GGUFReader) -> GenerationConfig:
    from transformers import GenerationConfig

    end = int(_field(reader, "tokenizer.ggml.eos_token_id"))
    padding = int(_field(reader, "tokenizer.ggml.padding_token_id"))
    return GenerationConfig(  # type: ignore[no-untyped-call]
        eos_token_id=sorted({end, padding}), pad_token_id=padding
    )


def _tokenizer(reader: GGUFReader) -> PreTrainedTokenizerFast:
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast

    tokens: Sequence[str] = _field(reader, "tokenizer.ggml.tokens")
    merges = [tuple(pair.split(" ")) for pair in _field(reader, "tokenizer.ggml.merges")]
    kinds: Sequence[int] = _field(reader, "tokenizer.ggml.token_type")
    vocabulary = {token: number for number, token in enumerate(tokens)}
    made = Tokenizer(BPE(vocab=vocabulary, merges=merges, fuse_unk=False, byte_fallback=False))
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PRETOKENIZE), behavior="isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    control = [token for token, kind in zip(tokens, kinds, strict=True) if kind == CONTROL]
    made.add_special_tokens([AddedToken(token, normalized=False) for token in control])
    end = tokens[int(_field(reader, "tokenizer.ggml.eos_token_id"))]
    padding = tokens[int(_field(reader, "tokenizer.ggml.padding_token_id"))]
    wrapped = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=made,
        model_max_length=int(_field(reader, f"{ARCHITECTURE}.context_length")),
        eos_token=end,
        pad_token=padding,
        clean_up_tokenization_spaces=False,
    )
    wrapped.chat_template = _field(reader, "tokenizer.chat_template")
    return wrapped


def _field(reader: GGUFReader, key: str) -> Any:  # noqa: ANN401 - a number, a text, a list
    field = reader.get_field(key)
    if field is None:
        raise ModelError(f"the generator's file lacks {key}")
    return field.contents()
