"""Laws of search: what must hold for every model."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seq2seq.decoding.beam import beam_search
from seq2seq.decoding.greedy import greedy_search
from seq2seq.errors import ModelError

SOURCES = [[5, 6, 7, 3], [8, 3], [9, 9, 4, 11, 5, 3], [7, 3], [4, 5, 6, 7, 8, 9, 10, 3]]


def padded(sources):
    width = max(map(len, sources))
    rows = torch.tensor([row + [0] * (width - len(row)) for row in sources])
    return rows, torch.tensor([len(row) for row in sources])


def run(model, sources, limit=12, **options):
    options = {"beam": 4, "length_penalty": 1.0, **options}
    limits = torch.tensor([limit] * len(sources)) if isinstance(limit, int) else torch.tensor(limit)
    return beam_search(model, *padded(sources), max_lengths=limits, **options)


def tokens(results):
    return [[one.tokens for one in found] for found in results]


@settings(max_examples=40)
@given(
    seed=st.integers(5, 400),
    size=st.integers(4, 30),
    penalty=st.sampled_from([0.0, 0.6, 1.0, 3.0]),
    bonus=st.floats(-2, 3),
)
def test_beam_1_is_greedy(prefix_model, seed, size, penalty, bonus):
    model = prefix_model(size=size, end_bonus=bonus)
    source, lengths = padded([[seed, 5, 3], [seed, 3], [6, 7, seed, 8, 3]])
    limits = torch.tensor([3, 9, 6])
    options = {"length_penalty": penalty, "max_lengths": limits}
    greedy = greedy_search(model, source, lengths, **options)
    beam = beam_search(model, source, lengths, beam=1, **options)
    assert tokens(greedy) == tokens(beam)
    for one, other in zip(greedy, beam, strict=True):
        assert one[0].score == pytest.approx(other[0].score, rel=1e-5)
        assert one[0].log_probability == pytest.approx(other[0].log_probability, rel=1e-5)


@pytest.mark.parametrize("beam", [2, 3, 7])
@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_a_batch_is_each_sentence_alone(prefix_model, beam, penalty):
    options = {"beam": beam, "nbest": beam, "length_penalty": penalty}
    limits = [12, 3, 9, 1, 20]
    together = run(prefix_model(), SOURCES, limits, **options)
    for source, limit, found in zip(SOURCES, limits, together, strict=True):
        (alone,) = run(prefix_model(), [source], limit, **options)
        assert tokens([found]) == tokens([alone])
        assert [one.score for one in found] == pytest.approx([one.score for one in alone])


def every_hypothesis(model, source, limit, penalty):
    permitted = [token for token in range(model.size) if token not in (0, 2, 3)]
    for length in range(limit + 1):
        for target in itertools.product(permitted, repeat=length):
            yield model.score(source, list(target)) / (length + 1) ** penalty, list(target)


@pytest.mark.parametrize("penalty", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("source", [[5, 3], [4, 4, 3], [6, 5, 4, 3]])
def test_a_beam_wide_enough_is_exhaustive(prefix_model, penalty, source):
    model = prefix_model(size=6)
    best = sorted(every_hypothesis(model, source, 3, penalty), reverse=True)
    (found,) = run(model, [source], 3, beam=6**3, nbest=40, length_penalty=penalty)
    assert [one.tokens for one in found] == [target for _, target in best]
    assert [one.score for one in found] == pytest.approx([score for score, _ in best], rel=1e-4)


@pytest.mark.parametrize("penalty", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("size", [20, 700])  # 700: large enough for the search by blocks
def test_scores_are_those_of_teacher_forcing(prefix_model, penalty, size):
    model = prefix_model(size=size, end_bonus=1.0)
    found = run(model, SOURCES, 6, nbest=4, length_penalty=penalty)
    for source, hypotheses in zip(SOURCES, found, strict=True):
        assert hypotheses
        for one in hypotheses:
            assert one.log_probability == pytest.approx(model.score(source, one.tokens), rel=1e-4)
            divisor = (len(one.tokens) + 1) ** penalty
            assert one.score == pytest.approx(one.log_probability / divisor, rel=1e-5)


def test_nbest_is_sorted_and_distinct(prefix_model):
    for hypotheses in run(prefix_model(), SOURCES, beam=6, nbest=6):
        assert len(hypotheses) == 6
        scores = [one.score for one in hypotheses]
        assert scores == sorted(scores, reverse=True)
        assert len({tuple(one.tokens) for one in hypotheses}) == 6


def test_the_best_does_not_depend_on_nbest(prefix_model):
    assert tokens(run(prefix_model(), SOURCES, beam=5)) == [
        found[:1] for found in tokens(run(prefix_model(), SOURCES, beam=5, nbest=5))
    ]


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_the_length_limit_holds_and_every_result_is_whole(prefix_model, limit):
    model = prefix_model(end_bonus=-50.0)  # it would never end of itself
    for source, hypotheses in zip(SOURCES, run(model, SOURCES, limit, nbest=4), strict=True):
        for one in hypotheses:
            assert len(one.tokens) == limit
            assert one.log_probability == pytest.approx(model.score(source, one.tokens), rel=1e-4)


def test_no_padding_and_no_beginning_is_generated(prefix_model):
    class Tempted(prefix_model):
        def logits(self, key):
            logits = super().logits(key)
            logits[:, [0, 2]] += 20.0
            return logits

    model = Tempted()
    greedy = greedy_search(
        model, *padded(SOURCES), length_penalty=1.0, max_lengths=torch.tensor([9] * 5)
    )
    for hypotheses in run(model, SOURCES, nbest=4) + greedy:
        for one in hypotheses:
            assert not {0, 2, 3} & set(one.tokens)


@pytest.mark.parametrize("size", [4, 5, 6])
@pytest.mark.parametrize("beam", [2, 5, 40])
def test_a_vocabulary_smaller_than_the_beam(prefix_model, size, beam):
    for limit in (1, 2, 5):
        found = run(prefix_model(size=size), SOURCES, limit, beam=beam, nbest=beam)
        possible = sum((size - 3) ** length for length in range(limit + 1))
        for hypotheses in found:
            assert 1 <= len(hypotheses) <= min(beam, possible)
            assert len({tuple(one.tokens) for one in hypotheses}) == len(hypotheses)
        if beam >= size**limit:
            assert {len(hypotheses) for hypotheses in found} == {possible}


def test_finished_sentences_leave_at_once(prefix_model):
    model = prefix_model(end_bonus=-50.0)
    run(model, SOURCES, [1, 2, 3, 4, 5], beam=3)
    # The first step has one hypothesis a sentence; after the step that ends it, a sentence is gone.
    assert model.rows == [5, 15, 12, 9, 6, 3]
    assert model.memories == [5, 5, 4, 3, 2, 1]
    model = prefix_model(end_bonus=-50.0)
    greedy_search(
        model, *padded(SOURCES), length_penalty=0.0, max_lengths=torch.tensor([1, 2, 3, 4, 5])
    )
    assert model.rows == [5, 5, 4, 3, 2, 1]


def test_search_ends_when_nothing_better_can_come(prefix_model):
    model = prefix_model(end_bonus=12.0)  # the end is all but certain at every step
    (found,) = run(model, [[5, 3]], 1000, beam=2)
    assert found[0].tokens == []
    assert len(model.rows) <= 3


def test_rows_that_did_not_move_are_not_copied(prefix_model):
    class Certain(prefix_model):
        """Always the same piece, so that the one hypothesis goes on as it is."""

        selected = 0

        def start(self, memory):
            outer = self

            class Watched(type(memory)):
                def select(self, index):
                    outer.selected += 1
                    return Watched(self.key[index])

            self.state_type = Watched
            return Watched(super().start(memory).key)

        def step(self, tokens, state, memory):
            logits, after = super().step(tokens, state, memory)
            return logits, self.state_type(after.key)

        def logits(self, key):
            logits = torch.full((len(key), self.size), -9.0)
            logits[:, 7] = 9.0
            return logits

    model = Certain()
    run(model, [[5, 3]], 10, beam=1)
    assert model.selected == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("search", ["beam", "greedy"])
def test_damaged_output_is_an_error(prefix_model, value, search):
    class Damaged(prefix_model):
        def logits(self, key):
            logits = super().logits(key)
            if value == float("-inf"):
                return torch.full_like(logits, value)
            logits[0, 7] = value
            return logits

    with pytest.raises(ModelError, match="not finite"):
        if search == "beam":
            run(Damaged(), SOURCES)
        else:
            limits = torch.tensor([5] * 5)
            greedy_search(Damaged(), *padded(SOURCES), length_penalty=1.0, max_lengths=limits)


def test_nothing_but_padding_is_an_error(prefix_model):
    class Padding(prefix_model):
        def logits(self, key):
            logits = torch.full((len(key), self.size), -torch.inf)
            logits[:, 0] = 0.0
            return logits

    with pytest.raises(ModelError, match="not finite"):
        run(Padding(), SOURCES)


def test_an_impossible_end_is_still_forced(prefix_model):
    class Endless(prefix_model):
        def logits(self, key):
            logits = super().logits(key)
            logits[:, 3] = -torch.inf
            return logits

    for hypotheses in run(Endless(), SOURCES, 4, nbest=2):
        assert [len(one.tokens) for one in hypotheses] == [4, 4]


def test_no_sentences(prefix_model):
    nothing = torch.zeros(0, 1, dtype=torch.long), torch.zeros(0, dtype=torch.long)
    limits = torch.zeros(0, dtype=torch.long)
    assert (
        beam_search(prefix_model(), *nothing, beam=2, length_penalty=1.0, max_lengths=limits) == []
    )
    assert greedy_search(prefix_model(), *nothing, length_penalty=1.0, max_lengths=limits) == []


def test_half_precision_logits_are_normalised_in_full(prefix_model):
    class Half(prefix_model):
        def logits(self, key):
            return super().logits(key).bfloat16()

    (found,) = run(Half(), [[5, 6, 3]])
    assert found[0].log_probability == pytest.approx(
        Half().score([5, 6, 3], found[0].tokens), rel=2e-2
    )
