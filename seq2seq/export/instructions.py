"""What stands beside an exported model: its settings, code that translates, and how to call it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from seq2seq.export import engine as engine_module
from seq2seq.files import replace_file
from seq2seq.models.bundle import Bundle
from seq2seq.text import characters as characters_module
from seq2seq.text import splitting as splitting_module

SETTINGS = (
    "beam", "length_penalty", "no_repeat_ngram", "max_ratio", "max_extra", "max_input"
)  # fmt: skip
USE = """# {name}

Made by `seq2seq export` for CTranslate2 {version}, from a {languages} Transformer.

```python
import sys

sys.path.insert(0, {name!r})
from translator import Translator

translator = Translator({name!r})
print(translator.translate(["a sentence"]))
```

`translator.py` needs `pip install ctranslate2 sentencepiece`, and no seq2seq. It does what
`seq2seq translate` does around the search: a text of several sentences and more than {usual} pieces
is translated sentence by sentence, no source has more than {max_input} pieces, and no translation
more than {max_ratio} times those of its source and {max_extra}. Its settings stand in
`decoding.json`. Options of `ctranslate2.Translator`, such as `device="cuda"`, may be added.

Whoever calls `ctranslate2.Translator` directly has to see to these limits: the model has positions
for {positions} pieces, and a text without an end runs on to `max_decoding_length`.
"""


def write_instructions(
    bundle: Bundle, folder: Path, name: str, version: str, positions: int
) -> None:
    """Write what translates with the model: settings, code, and a README that calls it."""
    decoding = bundle.recipe.decoding
    settings: dict[str, Any] = {key: getattr(decoding, key) for key in SETTINGS}
    settings["usual_source"] = bundle.usual_source
    text = USE.format(
        name=name,
        version=version,
        languages=" to ".join(bundle.recipe.data.languages),
        usual=bundle.usual_source or decoding.max_input,
        positions=positions,
        **settings,
    )
    replace_file(folder / "decoding.json", json.dumps(settings, indent=1).encode())
    replace_file(folder / "translator.py", _standalone().encode())
    replace_file(folder / "README.md", text.encode())


def _standalone() -> str:
    """Return the code that an exported folder holds, which needs no seq2seq."""
    first, *others = (
        Path(module.__file__ or "").read_text(encoding="utf-8")
        for module in (splitting_module, characters_module, engine_module)
    )
    kept = [
        "".join(
            line for line in text.splitlines(keepends=True)
            if not line.startswith(("from __future__", "from seq2seq"))
        ).strip("\n")
        for text in others
    ]  # fmt: skip
    return "\n\n\n".join([first.rstrip("\n"), *kept]) + "\n"
