"""Learning curves as TensorBoard's event files; tensorboard is an option, not a dependency."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from seq2seq.analysis.curves import Curve
from seq2seq.errors import ResourceError


def write_tensorboard(curves: Sequence[Curve], folder: Path) -> None:
    """Write each run into a folder of its own name under `folder`.

    Raises:
        ResourceError: tensorboard is not installed, or the folder cannot be written.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise ResourceError("tensorboard is not installed", "pip install tensorboard") from error
    for curve in curves:
        try:
            writer = SummaryWriter(folder / curve.name)
        except OSError as error:
            raise ResourceError(
                f"cannot write {folder / curve.name}: {error.strerror}", "choose another folder"
            ) from error
        with writer:
            for one in curve.training:
                for tag in ("loss", "learning_rate", "grad_norm", "tokens_per_second"):
                    writer.add_scalar(f"training/{tag}", getattr(one, tag), one.step)
            for judged in curve.validations:
                kind = "averaged" if judged.averaged else "validation"
                writer.add_scalar(f"{kind}/loss", judged.loss, judged.step)
                if judged.bleu is not None:
                    writer.add_scalar(f"{kind}/bleu", judged.bleu, judged.step)
