"""The bundled encoder's file to a SentenceTransformer folder.

The model is multilingual-e5-small (Wang et al. 2024, arXiv:2402.05672): a BERT with absolute
positions, an XLM-R tokenizer, mean pooling, unit length, prompts `query: ` and `passage: `.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from rag.models.e5_file import Header, Vocabulary, read
from rag.progress import Progress

if TYPE_CHECKING:
    from transformers import BertConfig, PreTrainedTokenizerFast

PROMPTS = {"query": "query: ", "passage": "passage: "}
LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
EMBEDDING_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


def bert_name(name: str) -> str:
    """`l3.ao.w` to BertModel's `encoder.layer.3.attention.output.dense.weight`."""
    if name in EMBEDDING_NAMES:
        return EMBEDDING_NAMES[name]
    layer, part, which = name.split(".")
    kind = {"w": "weight", "b": "bias"}[which]
    return f"encoder.layer.{layer[1:]}.{LAYER_NAMES[part]}.{kind}"


def tokenizer(vocabulary: Vocabulary, positions: int) -> PreTrainedTokenizerFast:
    """XLM-R's tokenizer: sentencepiece's `nmt_nfkc` normaliser, then unigram pieces."""
    from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
    from tokenizers.models import Unigram
    from transformers import PreTrainedTokenizerFast

    pieces = vocabulary.pieces
    names = [pieces[i][0] for i in (vocabulary.begin, vocabulary.end)]
    made = Tokenizer(Unigram(list(pieces), unk_id=vocabulary.unknown, byte_fallback=False))
    made.normalizer = normalizers.Sequence(
        # nmt_nfkc spares the wide tilde (as in 3～5天) that NFKC would fold, hence the detour
        # through a private character.
        [
            normalizers.Replace("～", "\ue000"),
            normalizers.Nmt(),
            normalizers.NFKC(),
            normalizers.Replace("\ue000", "～"),
        ]
    )
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace("▁", "always")]
    )
    made.decoder = decoders.Metaspace("▁", "always")
    made.post_processor = processors.TemplateProcessing(
        single=f"{names[0]} $A {names[1]}",
        pair=f"{names[0]} $A {names[1]} {names[1]} $B {names[1]}",
        special_tokens=[(names[0], vocabulary.begin), (names[1], vocabulary.end)],
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=made,
        model_max_length=positions,
        bos_token=names[0],
        cls_token=names[0],
        eos_token=names[1],
        sep_token=names[1],
        pad_token=pieces[vocabulary.padding][0],
        unk_token=pieces[vocabulary.unknown][0],
        mask_token="<mask>",
    )


def unpack_encoder(source: Path, folder: Path, progress: Progress) -> None:
    """Write the SentenceTransformer folder made of `source` to `folder`, in float32."""
    import torch
    from safetensors.torch import save_file
    from transformers import BertModel

    header, vocabulary, tensors = read(source.read_bytes())
    config = _bert_config(header, vocabulary)
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in BertModel(config).state_dict().items()}
    # BertModel has a pooler that sentence vectors do not use. Zeros keep it from being drawn
    # at random, with a warning, at each start.
    state = {name: torch.zeros(shape) for name, shape in shapes.items() if "pooler" in name}
    with progress.task("转换编码模型", len(shapes)) as advance:
        for name, values in tensors:
            ours = bert_name(name)
            state[ours] = torch.from_numpy(values.copy()).reshape(shapes[ours])
            advance(1)
        save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
        config.save_pretrained(folder)
        tokenizer(vocabulary, header.positions).save_pretrained(folder)
        _write_modules(folder, header)
        advance(len(shapes) - len(state) + 2)


def _write_modules(folder: Path, header: Header) -> None:
    """The files that make a folder a SentenceTransformer: transformer, mean, unit length."""
    kinds = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    modules = [
        {"idx": n, "name": str(n), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for n, (path, kind) in enumerate(kinds.items())
    ]
    pooling = {"word_embedding_dimension": header.hidden, "pooling_mode_mean_tokens": True}
    files: dict[str, object] = {
        "modules.json": modules,
        "sentence_bert_config.json": {"max_seq_length": header.positions, "do_lower_case": False},
        "config_sentence_transformers.json": {"prompts": PROMPTS, "similarity_fn_name": "cosine"},
        "1_Pooling/config.json": pooling,
        "2_Normalize/config.json": {},
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, indent=2), encoding="utf-8")


def _bert_config(header: Header, vocabulary: Vocabulary) -> BertConfig:
    from transformers import BertConfig

    return BertConfig(
        architectures=["BertModel"],
        vocab_size=header.vocabulary,
        hidden_size=header.hidden,
        num_hidden_layers=header.layers,
        num_attention_heads=header.heads,
        intermediate_size=header.feed_forward,
        max_position_embeddings=header.positions,
        type_vocab_size=header.types,
        layer_norm_eps=header.epsilon,
        pad_token_id=vocabulary.padding,
        bos_token_id=vocabulary.begin,
        eos_token_id=vocabulary.end,
    )
