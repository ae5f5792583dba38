"""The training loop: one visible sequence of named steps.

It prints nothing. It yields events, writes log.jsonl and checkpoints, and swaps the best model in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from typing import Any

from torch import nn

from seq2seq.errors import DivergedError
from seq2seq.files import replace_file
from seq2seq.models.bundle import WEIGHTS, weight_tensors
from seq2seq.models.weights import pack
from seq2seq.runtime.devices import peak_memory
from seq2seq.training.average import mean_of, swap
from seq2seq.training.budget import TimeBudget
from seq2seq.training.directory import append_log
from seq2seq.training.ending import (
    combined,
    deciding_limit,
    in_force,
    known_total,
    limits_told,
    setting,
    time_told,
)
from seq2seq.training.events import Event, Noted, Saved, Started, Step, Stopped, Validated
from seq2seq.training.randomness import reseed
from seq2seq.training.schedule import Place, learning_rate
from seq2seq.training.session import Session
from seq2seq.training.state import Window
from seq2seq.training.step import DivergenceWatch, StepResult, train_step
from seq2seq.training.validation import validate, validation_loss

StopSignal = Callable[[], str]  # the name of a signal that asks to stop, or nothing


def clock() -> float:
    """Return seconds that are never set back, as the time of day is."""
    return time.perf_counter()


class Loop:
    """A session on its way.

    What must outlive a kill is in `session.state`; the rest is clockwork.
    """

    def __init__(self, session: Session, stop_signal: StopSignal) -> None:
        self.session = session
        self.state = session.state
        self.config = in_force(session.recipe.training, self.state.lifted)
        self.stop_signal = stop_signal
        self.divergence = DivergenceWatch(session.prepared.target.size)
        self._begin_epoch()
        self.steps_per_epoch = (
            session.steps_per_epoch() if self.state.epoch else self._steps_of(self.plan)
        )
        self.valid_batches = session.validation_batches()
        self.window_seconds = 0.0
        self.began = clock() - self.state.seconds
        self.budget = TimeBudget(self.config, self.state.seconds)
        if not self.config.max_minutes or not self.state.total_steps:
            self.state.total_steps = known_total(self.config, self.steps_per_epoch)

    def events(self) -> Iterator[Event]:
        """Train until the end, or until a signal; yield what happens."""
        state = self.state
        self.began = clock() - state.seconds
        if self._is_over():
            self._finish("finished")  # resumed with an earlier end than it has reached
        yield Started(state.step, state.total_steps or None)
        yield from map(Noted, limits_told(self.config, self.steps_per_epoch))
        while not state.finished:
            began = clock()
            result = self._step()
            self._count(result, clock() - began)
            yield from self._decide_total()
            signal = self.stop_signal()
            if state.step % self.config.log_every == 0:
                yield self._log_step()
            ended = self._is_over()
            if ended or state.step % self.config.validate_every == 0:
                yield self._validate()
                if self.config.patience and state.stale >= self.config.patience:
                    self._finish("no better")
            if ended and not state.finished and not self._goes_on():
                self._finish("finished")
            state.seconds = self._elapsed()
            if state.finished or signal or state.step % self.config.save_every == 0:
                yield self._save()
            if signal and not state.finished:
                yield from self._left_usable()
                yield Stopped(state.step, signal, state.seconds)
                return
        yield from self.averaged()
        yield Stopped(state.step, state.finished, state.seconds, state.limit)

    def _is_over(self) -> bool:
        return bool(self.state.total_steps) and self.state.step >= self.state.total_steps

    def _finish(self, reason: str) -> None:
        """Write down why the run is over, and which setting ended it."""
        state = self.state
        field = "patience"
        if reason == "finished":
            field = deciding_limit(self.config, self.steps_per_epoch, state.total_steps)
        state.finished, state.limit = reason, setting(self.config, field)

    def _elapsed(self) -> float:
        """Return the seconds that the run has taken, over all sittings."""
        return clock() - self.began

    def _save(self) -> Saved:
        """Write a checkpoint, with the step count that was decided last."""
        state, began = self.state, clock()
        state.peak_memory = max(state.peak_memory, peak_memory())
        saved = Saved(state.step, self.session.save())
        self.budget.count_save(clock() - began)
        return saved

    def _left_usable(self) -> Iterator[Event]:
        """Leave a model that translates where a signal came before the first validation."""
        if self.state.best_score is None:
            with self.session.for_use() as model:
                replace_file(self.session.run / WEIGHTS, pack(weight_tensors(model)))
            yield Noted(f"no validation yet: {WEIGHTS} holds the weights of step {self.state.step}")

    def _step(self) -> StepResult:
        """Take one optimiser step and move on in the plan."""
        state, session = self.state, self.session
        first = state.step_in_epoch * self.config.accumulate
        rows = self.plan[first : first + self.config.accumulate]
        batches = [self.corpus.gather(each) for each in rows]
        reseed(session.recipe.seed, "dropout", state.step)
        try:
            result = train_step(
                session.model,
                session.optimizer,
                batches,
                self.config,
                self._rate(),
                session.precision,
            )
            self.divergence.see(result)
        except DivergedError as error:
            pairs = ", ".join(str(int(number)) for number in rows[0][:5])
            message = (
                f"step {state.step + 1}: {error.message} (kept pairs {pairs}, ... of the corpus)"
            )
            raise DivergedError(message, error.hint) from error
        state.step += 1
        if session.average is not None:
            session.average.update(session.model, state.step)
        state.step_in_epoch += 1
        if state.step_in_epoch >= self._steps_of(self.plan):
            state.epoch, state.step_in_epoch = state.epoch + 1, 0
            self._begin_epoch()
        return result

    def _begin_epoch(self) -> None:
        epoch = self.state.epoch
        self.corpus = self.session.corpus(epoch)
        self.plan = self.session.plan(self.corpus, epoch)

    def _rate(self) -> float:
        state = self.state
        epochs = state.epoch + state.step_in_epoch / self._steps_of(self.plan)
        return learning_rate(self.config, Place(state.step + 1, epochs, state.total_steps))

    def _count(self, result: StepResult, seconds: float) -> None:
        window, state = self.state.window, self.state
        window.loss += result.loss
        window.labels += result.labels
        window.pieces += result.pieces
        window.filled += result.filled
        window.positions += result.positions
        window.grad_norm += result.grad_norm
        window.steps += 1
        state.pieces += result.pieces
        self.window_seconds += seconds
        self.budget.count_step(seconds)

    def _decide_total(self) -> Iterator[Event]:
        """Turn `max_minutes` into a step count, anew where the machine's speed has changed.

        Until a resumed run has measured its speed, the count of the checkpoint holds.
        """
        state, config, budget = self.state, self.config, self.budget
        if not config.max_minutes:
            return
        if budget.spent(state.step, self._elapsed()):
            state.total_steps = state.step
            return
        saving = state.step % config.save_every == 0
        decided = budget.decided > budget.began
        if not budget.measurable(self._elapsed()) or (
            decided and not saving and not budget.due(self._elapsed())
        ):
            return
        if not budget.validation_known:
            began = clock()
            self.session.model.eval()
            validation_loss(self.session.model, self.valid_batches, self.session.precision)
            self.session.model.train()
            budget.count_loss(clock() - began)
        by_time = budget.total(state.step, self._elapsed())
        state.total_steps = combined(known_total(config, self.steps_per_epoch), by_time)
        if not decided:
            yield from map(Noted, time_told(config, self.steps_per_epoch, by_time))

    def _goes_on(self) -> bool:
        """Decide anew after the last validation where a time budget is far from spent."""
        state = self.state
        known = known_total(self.config, self.steps_per_epoch)
        if not self.config.max_minutes or state.total_steps == known:
            return False
        if not self.budget.goes_on(self._elapsed()):
            return False
        state.total_steps = combined(known, self.budget.total(state.step, self._elapsed()))
        return state.total_steps > state.step

    def _log_step(self) -> Step:
        """Close the window: tell it, write it down, begin the next."""
        state, window = self.state, self.state.window
        epochs = state.epoch + state.step_in_epoch / self._steps_of(self.plan)
        event = Step(
            step=state.step,
            total_steps=state.total_steps or None,
            epoch=round(epochs, 4),
            loss=window.loss / max(window.labels, 1),
            tokens_per_second=window.pieces / max(self.window_seconds, 1e-9),
            padding=1.0 - window.filled / max(window.positions, 1),
            learning_rate=learning_rate(self.config, Place(state.step, epochs, state.total_steps)),
            grad_norm=window.grad_norm / max(window.steps, 1),
        )
        self.state.window, self.window_seconds = Window(), 0.0
        self._write("step", asdict(event))
        return event

    def averaged(self) -> Iterator[Event]:
        """Try the mean of the last checkpoints, once, where the recipe asks for it at the end."""
        state, session, wanted = self.state, self.session, self.config.average_checkpoints
        if wanted < 2 or state.averaged == wanted:
            return
        weights = session.kept(wanted)
        if len(weights) < wanted:
            yield Noted(f"{len(weights)} of {wanted} checkpoints are there to be averaged")
        mean = mean_of(weights)
        swap(session.model, mean)
        yield self._judge(session.model, len(weights))
        swap(session.model, mean)
        state.averaged, state.seconds = wanted, self._elapsed()
        yield Saved(state.step, session.save())

    def _validate(self) -> Validated:
        began = clock()
        with self.session.for_use() as model:
            event = self._judge(model)
        self.budget.count_validation(clock() - began)
        state = self.state
        lower = state.lowest_loss is None or event.loss < state.lowest_loss
        state.lowest_loss = event.loss if lower else state.lowest_loss
        state.stale = 0 if event.best or lower else state.stale + 1
        return event

    def _judge(self, model: nn.Module, averaged: int = 0) -> Validated:
        """Measure a model; if it is the best so far, swap it in as model.safetensors."""
        state, session = self.state, self.session
        event = validate(
            model,
            session.prepared,
            self.valid_batches,
            session.recipe,
            state.step,
            session.precision,
        )
        best = state.is_better(event.bleu, event.loss, event.signature)
        if best:
            replace_file(session.run / WEIGHTS, pack(weight_tensors(model)))
            state.best_score = -event.loss if event.bleu is None else event.bleu
            state.best_step, state.best_loss = state.step, event.loss
            state.best_bleu, state.best_signature = event.bleu, event.signature
        event = replace(event, best=best, averaged=averaged)
        record = asdict(event)
        del record["samples"]
        self._write("validation", record)
        return event

    def _write(self, kind: str, record: dict[str, Any]) -> None:
        seconds = round(self._elapsed(), 3)
        append_log(self.session.run, {"event": kind, "seconds": seconds, **record})

    def _steps_of(self, plan: list[Any]) -> int:
        return -(-len(plan) // self.config.accumulate)
