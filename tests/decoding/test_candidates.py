from __future__ import annotations

import pytest
import torch

from seq2seq.decoding.candidates import largest, next_pieces


@pytest.mark.parametrize("size", [4, 50, 63, 64, 1000, 1664, 1700, 8000])
@pytest.mark.parametrize("count", [1, 3, 12])
def test_the_search_by_blocks_finds_what_topk_finds(size, count):
    values = torch.randn(9, size, generator=torch.Generator().manual_seed(size + count))
    count = min(count, size)
    best, places = largest(values, count)
    assert torch.equal(best, values.topk(count).values)
    assert torch.equal(values.gather(1, places), best)
    assert all(len(set(row)) == count for row in places.tolist())


def test_candidates_are_normalised_over_the_whole_vocabulary():
    logits = torch.randn(3, 500)
    found = next_pieces(logits, 4)
    expected = logits.log_softmax(1)
    allowed = ~torch.isin(found.tokens, torch.tensor([0, 2]))
    assert torch.allclose(
        found.log_probabilities[allowed], expected.gather(1, found.tokens)[allowed], atol=1e-6
    )
    assert torch.allclose(found.end, expected[:, 3], atol=1e-6)
