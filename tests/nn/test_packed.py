"""Linear layers that oneDNN has packed compute what they were."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from seq2seq.nn.packed import ByteLinear, PackedLinear, packed
from seq2seq.runtime.processor import has_fast_bfloat16


def layer(*, bias: bool) -> nn.Linear:
    torch.manual_seed(3)
    made = nn.Linear(40, 400, bias=bias)
    if not has_fast_bfloat16(torch.device("cpu")):
        pytest.skip("this processor has no products in bfloat16")
    return made


def error(found: Tensor, exact: Tensor) -> float:
    return float((found - exact).abs().mean() / exact.std())


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("kind", "most"), [(PackedLinear, 0.005), (ByteLinear, 0.02)])
def test_a_packed_layer_is_near_the_layer(kind: type[nn.Module], most: float, bias: bool) -> None:
    linear, x = layer(bias=bias), torch.randn(9, 40)
    found = kind(linear)(x)
    assert found.dtype == torch.bfloat16
    with torch.no_grad():
        assert 0.0 < error(found.float(), linear(x)) < most


def test_bytes_keep_what_is_not_finite_and_what_is_zero() -> None:
    linear = layer(bias=False)
    rounded = ByteLinear(linear)
    assert rounded(torch.full((2, 40), torch.nan)).isnan().all()
    assert torch.equal(rounded(torch.zeros(2, 40)), torch.zeros(2, 400, dtype=torch.bfloat16))
    with torch.no_grad():
        linear.weight.zero_()
    assert torch.equal(ByteLinear(linear)(torch.ones(1, 40)), torch.zeros(1, 400).bfloat16())


def test_wide_layers_multiply_in_bytes_and_other_modules_stay() -> None:
    layer(bias=False)  # or skip
    kinds = [type(packed(nn.Linear(8, size))) for size in (4, 63, 64, 400)]
    assert kinds == [PackedLinear, PackedLinear, ByteLinear, ByteLinear]
    table = nn.Embedding(5, 4)
    assert packed(table) is table
