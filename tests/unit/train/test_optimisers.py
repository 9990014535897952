"""Any optimiser of torch, by name."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from relume.errors import ContractError, UnknownNameError
from relume.train.optimisers import make_optimiser, names, spelt
from relume.train.plan import with_name
from relume.train.recipe import Optimiser


@pytest.mark.parametrize("name", ["adam", "AdamW", "sgd", "RMSprop", "nadam", "radam", "adagrad"])
def test_makes_and_steps(name: str) -> None:
    parameter = nn.Parameter(torch.ones(3))
    made = make_optimiser([parameter], Optimiser(name=name, learning_rate=0.1))
    assert type(made).__name__ == spelt(name)
    parameter.square().sum().backward()
    made.step()
    assert (parameter < 1).all()


def test_takes_options() -> None:
    optimiser = Optimiser(name="adamw", options={"betas": [0.5, 0.6], "weight_decay": 0.3})
    group = make_optimiser([nn.Parameter(torch.ones(1))], optimiser).param_groups[0]
    assert group["betas"] == (0.5, 0.6)
    assert group["weight_decay"] == 0.3


def test_says_what_it_cannot_take() -> None:
    parameter = [nn.Parameter(torch.ones(1))]
    with pytest.raises(UnknownNameError, match="did you mean Adam"):
        make_optimiser(parameter, Optimiser(name="adan"))
    with pytest.raises(UnknownNameError, match="no option of SGD is called 'betas'"):
        make_optimiser(parameter, Optimiser(name="SGD", options={"betas": [0.9, 0.9]}))
    with pytest.raises(ContractError, match="SGD refuses"):
        make_optimiser(parameter, Optimiser(name="SGD", options={"momentum": -1}))
    assert "LBFGS" not in names()
    assert "Optimizer" not in names()


def test_a_name_may_bring_its_learning_rate() -> None:
    given = Optimiser(name="Adam", options={"betas": [0.9, 0.9]})
    assert with_name(given, "sgd:0.1") == Optimiser(name="SGD", learning_rate=0.1)
    assert with_name(given, "adam") == given
    with pytest.raises(ContractError, match="expected NAME or NAME:LEARNING_RATE"):
        with_name(given, "sgd:fast")
