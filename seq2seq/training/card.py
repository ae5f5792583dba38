"""The model card: README.md of a run directory."""

from __future__ import annotations

from seq2seq.files import replace_file
from seq2seq.models.build import parameters_by_part
from seq2seq.training.directory import CARD
from seq2seq.training.session import Session


def write_card(session: Session) -> None:
    """Write what the model is, what it was trained on, how good it is, and what it cost."""
    recipe, state, report = session.recipe, session.state, session.prepared.report
    counts = parameters_by_part(session.model)
    model, data = recipe.model, recipe.data
    width = f"{model.layers} + {model.layers} layers of {model.hidden}"
    source_size, target_size = session.prepared.source.size, session.prepared.target.size
    scores = f"No validation was reached; these are the weights of step {state.step}."
    if state.best_score is not None:
        found = (
            f"BLEU {state.best_bleu:.2f} (greedy; `{state.best_signature}`)"
            if state.best_bleu is not None
            else f"a loss of {-state.best_score:.4f} nats a piece"
        )
        scores = (
            f"{found} on `{data.valid}`, at step {state.best_step}; "
            "these weights are in `model.safetensors`."
        )
    joint = session.prepared.source is session.prepared.target
    sizes = f"{source_size}, joint" if joint else f"{source_size} and {target_size}"
    vocabulary = f"{recipe.text.tokenizer} vocabulary of {sizes}"
    kept = f"{report.kept:,} pairs kept; SHA-256 `{session.prepared.data_hash}`"
    minutes = state.seconds / 60
    cost = f"{state.step:,} steps, {state.pieces:,} pieces of both sides, {minutes:.1f} minutes"
    ended = (state.finished or "not yet") + (f" (`{state.limit}`)" if state.limit else "")
    rows = "\n".join(f"| {part} | {count:,} |" for part, count in counts.items())
    text = f"""# {data.pair} translation model

{model.architecture}, {width}, source read {recipe.text.source_order};
{vocabulary}.

- **Score**: {scores}
- **Data**: {data.format} `{data.path}`, {kept}.
- **Cost**: {cost}, {session.precision}.
- **Ended**: {ended}.
- **Made by**: `{session.command}`
- **Use**: `seq2seq translate {session.run} < input > output`

| part | parameters |
|---|---|
{rows}
| all | {sum(counts.values()):,} |

The whole recipe stands in `recipe.json`, the history in `log.jsonl`.
"""
    replace_file(session.run / CARD, text.encode())
