"""The recipe: every field that a TOML file or `--set` may hold, with its default and its bounds.

The schema is closed: what is not named here is an error. `config.loading` turns mistakes into
messages.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from seq2seq.config.cells import known_cell
from seq2seq.config.languages import checked_pair, split_pair

DataFormat = Literal["text", "tsv", "jsonl", "hub", "demo"]
TokenizerName = Literal["unigram", "bpe", "words"]
NormalizationName = Literal["identity", "nfkc", "nmt_nfkc"]  # as sentencepiece names them
SourceOrder = Literal["forward", "reverse"]
Architecture = Literal[
    "recurrent",
    "bahdanau",
    "luong",
    "gnmt",
    "transformer",
    "recurrent_language_model",
    "transformer_language_model",
]
Pair = Annotated[str, AfterValidator(checked_pair)]
CellName = Annotated[str, AfterValidator(known_cell)]
AttentionName = Literal["dot", "general", "concat", "additive"]
NormPlacement = Literal["pre", "post"]
Normalisation = Literal["layer", "rms"]
ConnectionName = Literal["none", "residual", "highway"]
EnsembleMean = Literal["probabilities", "log_probabilities"]
PositionsName = Literal["sinusoidal", "rotary"]
Activation = Literal["relu", "gelu", "silu"]
Tying = Literal["none", "output", "all"]
OptimizerName = Literal["sgd", "adam", "adamw"]
ScheduleName = Literal["constant", "halving", "inverse_sqrt", "cosine"]
LossUnit = Literal["token", "sentence"]
PrecisionName = Literal["auto", "float32", "bfloat16"]

MethodName = Literal["beam", "sampling"]
AlignmentForm = Literal["none", "best", "weights"]

SMALLEST_VOCABULARY = 8
LARGEST_VOCABULARY = 1_000_000
LARGEST_COUNT = 10**12  # of steps, pairs, pieces: beyond it, products of two overflow 64 bits
LARGEST_REAL = 1e9  # of epochs, minutes, norms
Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
Positive = Annotated[int, Field(ge=1, le=LARGEST_COUNT)]
NotNegative = Annotated[float, Field(ge=0.0, le=LARGEST_REAL)]
Rate = Annotated[float, Field(ge=0.0, lt=1.0)]
VocabularySize = Annotated[int, Field(ge=SMALLEST_VOCABULARY, le=LARGEST_VOCABULARY)]


class Section(BaseModel):
    """A closed, unchangeable group of fields with strict types."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, serialize_by_alias=True
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_nul(cls, value: Any) -> Any:
        """Refuse what no file name can hold; the system's own message names no field."""
        if isinstance(value, str) and "\0" in value:
            raise ValueError("holds a NUL character")
        return value


class DataConfig(Section):
    """Where the parallel text comes from, and which pairs are kept."""

    format: DataFormat = "text"
    path: str = Field("", max_length=4096)  # a folder, or a data set's name on the hub
    configuration: str = ""  # of a hub data set, such as "fr-en" of WMT14
    revision: str = ""  # of a hub data set: a commit, so that the data cannot move
    pair: Pair = "en-fr"  # or en-zh-Hans, pt_BR-en; en:pt-br where hyphens leave two readings
    train: str = "train"
    valid: str = "valid"
    test: list[str] = []  # base names; empty means every "test*" of the folder
    limit: Count = 0  # use only the first pairs of train; 0 means all
    held_out: Positive = 1000  # pairs taken out of train where there is no valid
    max_length: Annotated[int, Field(ge=1, le=100_000)] = (
        250  # pieces a side; longer pairs are dropped
    )

    @property
    def languages(self) -> tuple[str, str]:
        """Return the source and the target language."""
        return split_pair(self.pair)


class TextConfig(Section):
    """How raw text becomes numbers and back."""

    tokenizer: TokenizerName = "unigram"
    vocabulary: (
        VocabularySize | Annotated[list[VocabularySize], Field(min_length=2, max_length=2)]
    ) = 8000
    joint: bool = True  # one sentencepiece model for both sides
    normalization: NormalizationName = "identity"  # nmt_nfkc: m² and ½ are m2 and 1/2, always
    source_order: SourceOrder = "forward"
    sample: Positive = 1_000_000  # sentences that a sentencepiece model is trained on
    # a run whose tokenizers are used; how text is cut is then what that run's [text] says
    from_: str = Field("", alias="from", max_length=4096)

    @property
    def sizes(self) -> tuple[int, int]:
        """Return the vocabulary sizes of source and target."""
        if isinstance(self.vocabulary, int):
            return self.vocabulary, self.vocabulary
        return self.vocabulary[0], self.vocabulary[1]


class ModelConfig(Section):
    """The network. `hidden` is the width of any architecture, `layers` counts per side."""

    architecture: Architecture = "transformer"
    layers: Annotated[int, Field(ge=1, le=256)] = 3
    hidden: Annotated[int, Field(ge=1, le=16384)] = 256
    dropout: Rate = 0.1
    embedding_dropout: Rate = 0.0  # of words of the vocabulary, each wherever it stands in a batch
    word_dropout: Rate = 0.0  # of single words in a sentence
    tie: Tying = "none"  # output: target embedding = projection; all: source embedding too
    # recurrent, bahdanau, luong, gnmt
    cell: CellName = "lstm"
    cell_options: dict[str, Any] = {}
    embedding: Annotated[int, Field(ge=1, le=16384)] = 256
    initial: Annotated[float, Field(gt=0.0, le=1.0)] = 0.08  # weights start in U(-initial, initial)
    embedding_initial: Annotated[float, Field(gt=0.0, le=10.0)] = 0.08  # embeddings likewise
    connection: ConnectionName = "none"  # around layers; a gnmt is residual by itself
    connected_from: Annotated[int, Field(ge=2, le=256)] = 2  # the lowest layer that has it
    # luong, gnmt
    attention: AttentionName = "general"  # the score; bahdanau's is always additive
    input_feeding: bool = True  # the decoder reads what the last look at the source gave
    # transformer
    heads: Annotated[int, Field(ge=1, le=256)] = 4
    feed_forward: Annotated[int, Field(ge=1, le=65536)] = 1024
    decoder_layers: Annotated[int, Field(ge=0, le=256)] = 0  # 0: as many as layers
    norm: NormPlacement = "pre"
    normalisation: Normalisation = "layer"
    positions: PositionsName = "sinusoidal"
    activation: Activation = "relu"  # of the feed-forward blocks
    gated: bool = False  # which then have a third product, as a gate
    layer_dropout: Rate = 0.0  # of whole layers (LayerDrop)


class TrainingConfig(Section):
    """How the weights are found. Zero means "no limit" or "off" where a field allows it."""

    optimizer: OptimizerName = "adam"
    learning_rate: Annotated[float, Field(gt=0.0, le=1e6)] = 1e-3
    betas: Annotated[list[Rate], Field(min_length=2, max_length=2)] = [0.9, 0.98]
    weight_decay: NotNegative = 0.0
    schedule: ScheduleName = "inverse_sqrt"
    warmup: Count = 400  # steps
    halve_after: NotNegative = 5.0  # epochs, for "halving"
    halve_every: Annotated[float, Field(gt=0.0, le=LARGEST_REAL)] = 0.5  # epochs, for "halving"
    label_smoothing: Rate = 0.0
    loss_per: LossUnit = (
        "token"  # "sentence" is the 2014 paper's: the summed loss over the sentences
    )
    clip_norm: NotNegative = 1.0  # 0: no clipping
    average_decay: Rate = 0.0  # of a moving average of the weights, which is kept; 0: none
    average_checkpoints: Count = 0  # at the end, try the mean of so many of the last; 0: none
    consistency: Annotated[float, Field(ge=0.0, le=100.0)] = 0.0  # R-Drop's alpha; 0: one pass
    subword_sampling: Rate = 0.0  # unigram: alpha (0.2, say); bpe: merges left out (0.1); 0: off
    batch_tokens: Positive = 4096  # target pieces a batch, padding included
    batch_sentences: Count = 0  # at most so many sentences a batch; 0: no limit
    accumulate: Positive = 1  # batches a step
    max_steps: Count = 0
    max_epochs: NotNegative = 0.0
    max_minutes: NotNegative = 0.0
    save_every: Positive = 500  # steps
    keep: Annotated[int, Field(ge=2, le=LARGEST_COUNT)] = 2  # checkpoints
    validate_every: Positive = 500  # steps
    validation_sentences: Count = 1000  # translated for BLEU at each validation; 0: no BLEU
    patience: Count = 10  # validations without a better BLEU; 0: never stop early
    log_every: Positive = 20  # steps
    precision: PrecisionName = "auto"

    @property
    def ends(self) -> list[float]:
        """Return the three limits that decide how long training goes on."""
        return [float(self.max_steps), self.max_epochs, self.max_minutes]

    @model_validator(mode="after")
    def _ends_somehow(self) -> TrainingConfig:
        if not (self.max_steps or self.max_epochs or self.max_minutes or self.patience):
            raise ValueError("set max_steps, max_epochs, max_minutes or patience, or it never ends")
        if self.average_checkpoints > self.keep:
            raise ValueError(
                "average_checkpoints cannot be more than keep: only kept ones are there"
            )
        if self.schedule == "cosine" and not (
            self.max_steps or self.max_epochs or self.max_minutes
        ):
            raise ValueError('schedule "cosine" needs max_steps, max_epochs or max_minutes')
        return self


class DecodingConfig(Section):
    """How translations are searched for."""

    method: MethodName = "beam"
    beam: Annotated[int, Field(ge=1, le=1000)] = 5
    length_penalty: Annotated[float, Field(ge=0.0, le=10.0)] = 1.0  # score / length ** penalty
    coverage_penalty: Annotated[float, Field(ge=0.0, le=10.0)] = 0.0  # for unseen source pieces
    no_repeat_ngram: Count = 0  # no run of so many pieces stands twice; 0: off
    max_ratio: Annotated[float, Field(gt=0.0, le=100.0)] = 2.0  # target pieces per source piece
    max_extra: Annotated[int, Field(ge=1, le=10_000)] = 20  # target pieces on top of that
    max_input: Annotated[int, Field(ge=2, le=100_000)] = 250  # pieces; longer lines go in parts
    ensemble: EnsembleMean = "probabilities"  # what is averaged over its members
    batch_tokens: Positive = 8192  # source pieces times beam, padding included
    deterministic: bool = False  # one sentence length a batch, float32
    # sampling
    temperature: Annotated[float, Field(ge=1e-6, le=100.0)] = 1.0
    top_k: Count = 0  # only the likeliest so many; 0: all
    top_p: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0  # only the likeliest with such a share
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    # text around the search
    prefixes: bool = False  # lines are: source, tab, what the translation begins with
    alignment: AlignmentForm = "best"  # in JSON lines: each piece's source piece, or all weights
    replace_unknown: bool = False  # <unk> by the aligned source word; for word vocabularies
    dictionary: str = Field("", max_length=4096)  # for it: source word, tab, target word a line


class Recipe(Section):
    """A whole experiment in five sections and a seed."""

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    data: DataConfig = DataConfig()
    text: TextConfig = TextConfig()
    model: ModelConfig = ModelConfig()
    training: TrainingConfig = TrainingConfig()
    decoding: DecodingConfig = DecodingConfig()

    @model_validator(mode="after")
    def _fits_together(self) -> Recipe:
        mistakes = []
        model, text = self.model, self.text
        by_attention = model.architecture in ("transformer", "transformer_language_model")
        if by_attention and model.hidden % model.heads:
            mistakes.append(f"model.heads: {model.heads} must divide model.hidden ({model.hidden})")
        elif by_attention and model.positions == "rotary" and model.hidden // model.heads % 2:
            mistakes.append("model.positions: rotary turns pairs, so heads need an even width")
        if model.tie == "all" and model.architecture.endswith("language_model"):
            mistakes.append('model.tie: a language model has no source to tie; say "output"')
        elif model.tie == "all" and not (text.joint and text.tokenizer != "words"):
            mistakes.append('model.tie: "all" needs one joint sentencepiece vocabulary')
        if self.training.consistency and not model.dropout:
            mistakes.append("training.consistency: without model.dropout both passes are the same")
        if self.training.subword_sampling and text.tokenizer == "words":
            mistakes.append("training.subword_sampling: words have no pieces to choose among")
        if text.normalization != "identity" and text.tokenizer == "words":
            mistakes.append("text.normalization: word vocabularies are of the text as it is")
        if text.joint and text.tokenizer != "words" and text.sizes[0] != text.sizes[1]:
            mistakes.append("text.vocabulary: a joint vocabulary has one size, not two")
        if not by_attention and model.tie != "none" and model.embedding != model.hidden:
            mistakes.append("model.tie: a tied projection needs model.embedding = model.hidden")
        if model.connected_from > max(2, model.layers):
            mistakes.append(f"model.connected_from: there are only {model.layers} layers")
        elif model.connected_from > 2 and model.connection == "none":
            mistakes.append("model.connected_from: there is no model.connection")
        if model.architecture == "gnmt" and model.layers < 2:
            mistakes.append(
                "model.layers: gnmt needs at least 2, since the lowest asks for those above"
            )
        if mistakes:
            raise ValueError("\n".join(mistakes))
        return self
