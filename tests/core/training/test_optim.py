import pytest
import torch
from torch import nn

from core.training.optim import Optimizer, is_hidden_matrix, orthogonalise


@pytest.mark.parametrize("shape", [(16, 16), (64, 16), (16, 64)])
def test_orthogonalise_keeps_the_singular_vectors_and_levels_the_values(shape):
    a = torch.randn(3, *shape, generator=torch.Generator().manual_seed(0))
    out = orthogonalise(a)
    values = torch.linalg.svdvals(out)
    assert values.min() > 0.6 and values.max() < 1.25  # Jordan's coefficients end in about [0.7, 1.2]; bfloat16 blurs
    u, _, vh = torch.linalg.svd(a, full_matrices=False)
    in_its_basis = u.mT @ out @ vh.mT  # (3, r, r): diagonal if the singular vectors are the same
    off_diagonal = in_its_basis - torch.diag_embed(in_its_basis.diagonal(dim1=-2, dim2=-1))
    assert off_diagonal.abs().max() < 0.05


def test_a_batch_of_matrices_equals_one_by_one():
    a = torch.randn(4, 8, 24, generator=torch.Generator().manual_seed(1))
    together, alone = orthogonalise(a), torch.stack([orthogonalise(x[None])[0] for x in a])
    torch.testing.assert_close(together, alone, atol=0.03, rtol=0)


def test_muon_step_against_the_definition():
    generator = torch.Generator().manual_seed(2)
    p = nn.Parameter(torch.randn(24, 8, generator=generator))
    optimizer = Optimizer([("blocks.0.mlp.w_in.weight", p)], kind="muon", momentum=0.9, weight_decay=0.1)
    expected, buffer = p.detach().clone(), torch.zeros(24, 8)
    for _ in range(3):
        p.grad = torch.randn(24, 8, generator=generator)
        buffer = 0.9 * buffer + 0.1 * p.grad
        direction = orthogonalise((0.1 * p.grad + 0.9 * buffer)[None])[0]
        expected = expected * (1 - 0.02 * 0.1) - 0.02 * 3**0.5 * direction
        optimizer.step(muon=0.02)
        torch.testing.assert_close(p.detach(), expected, atol=1e-3, rtol=0)


def test_adamw_equals_torch():
    generator = torch.Generator().manual_seed(3)
    ours = [nn.Parameter(torch.randn(5, 3, generator=generator)), nn.Parameter(torch.randn(7, generator=generator))]
    theirs = [nn.Parameter(p.detach().clone()) for p in ours]
    optimizer = Optimizer([("matrix", ours[0]), ("gain", ours[1])], kind="adamw", betas=(0.8, 0.97), weight_decay=0.1)
    groups = [{"params": theirs[:1], "weight_decay": 0.1}, {"params": theirs[1:], "weight_decay": 0.0}]
    reference = torch.optim.AdamW(groups, lr=0.01, betas=(0.8, 0.97), eps=1e-8)
    for _ in range(5):
        for a, b in zip(ours, theirs, strict=True):
            a.grad = torch.randn(a.shape, generator=generator)
            b.grad = a.grad.clone()
        optimizer.step(adamw=0.01)
        reference.step()
        for a, b in zip(ours, theirs, strict=True):
            torch.testing.assert_close(a, b, atol=1e-6, rtol=1e-6)


def test_sgd_equals_torch():
    generator = torch.Generator().manual_seed(4)
    ours = nn.Parameter(torch.randn(5, 3, generator=generator))
    theirs = nn.Parameter(ours.detach().clone())
    optimizer = Optimizer([("matrix", ours)], kind="sgd", momentum=0.9)
    reference = torch.optim.SGD([theirs], lr=0.1, momentum=0.9)
    for _ in range(5):
        ours.grad = torch.randn(ours.shape, generator=generator)
        theirs.grad = ours.grad.clone()
        optimizer.step(sgd=0.1)
        reference.step()
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-6)


def test_who_gets_muon():
    matrix, vector = nn.Parameter(torch.zeros(4, 4)), nn.Parameter(torch.zeros(4))
    assert is_hidden_matrix("blocks.1.attn.wq.weight", matrix)
    assert not is_hidden_matrix("blocks.1.attn.wq.bias", vector)
    for name in ("embed.weight", "pos_embed.weight", "unembed.weight"):
        assert not is_hidden_matrix(name, matrix)


def test_state_of_another_model_is_refused():
    optimizer = Optimizer([("a", nn.Parameter(torch.zeros(2)))], kind="adamw")
    with pytest.raises(ValueError, match="another model"):
        optimizer.load_state({"exp_avg.b": torch.zeros(2)}, 1)
