"""Recipes are read as strictly as they are documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from relume.errors import ContractError, UnknownNameError, UnreadableError
from relume.methods import sgz
from relume.methods.sgz.network import Network
from relume.methods.sgz.objective import Objective
from relume.train.recipe import Recipe, Source, call, read_recipe, write_recipe


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.yaml"
    path.write_text("method: sgz\n")
    return path


def test_defaults_are_the_published_ones(plain: Path) -> None:
    recipe = read_recipe(plain)
    assert recipe == Recipe(method="sgz")
    assert (recipe.data.batch, recipe.data.size, recipe.training.epochs) == (6, (512, 512), 100)
    assert recipe.optimiser.learning_rate == recipe.optimiser.weight_decay == 1e-3
    assert recipe.optimiser.clip_norm == 0.1


def test_survives_a_round_trip(plain: Path) -> None:
    settings = ("data.sources=[{folder: a, exposure: [-2, 0.5]}]", "objective.exposure_level=0.5")
    recipe = read_recipe(plain, settings=settings)
    assert recipe.data.sources == (Source(folder="a", exposure=(-2.0, 0.5)),)
    plain.write_text(write_recipe(recipe))
    assert read_recipe(plain) == recipe


def test_reads_numbers_as_people_write_them(plain: Path) -> None:
    # YAML 1.1 takes 1e-4 for text.
    assert (
        read_recipe(plain, settings=("optimiser.learning_rate=1e-4",)).optimiser.learning_rate
        == 1e-4
    )
    objective = call(Objective, {"smoothness": "2e2"}, where="objective")
    assert objective.weights["smoothness"] == 200


@pytest.mark.parametrize(
    ("setting", "kind", "message"),
    [
        ("optimiser.learning_rat=1", UnknownNameError, "learning_rate"),
        ("training.epochs=many", ContractError, r"recipe\.training\.epochs: expected int"),
        ("training.epochs=true", ContractError, "expected int"),
        ("optimiser.learning_rate=fast", ContractError, "expected a number"),
        ("training.precision=64", ContractError, "expected one of 32, bf16-mixed"),
        ("data.sides=64", ContractError, "expected a list"),
        ("data.batch=0", ContractError, "at least 1"),
        ("data.size=[512]", ContractError, "height and width"),
        ("data.reduction=[0, 3]", ContractError, "above 0, in order"),
        ("data.sources=[{exposure: []}]", ContractError, "two numbers"),
        ("training.epochs=0", ContractError, "at least 1"),
        ("data=3", ContractError, "expected a section"),
        ("method.x=3", ContractError, "method is not a section"),
        ("epochs", ContractError, r"expected section\.key=value"),
        ("data.sides=[", ContractError, "not YAML"),
    ],
)
def test_says_what_is_wrong(plain: Path, setting: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        read_recipe(plain, settings=(setting,))


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"a: [", b"- 1", b"", b"!!python/name:os.system"]
)
def test_refuses_what_is_no_recipe(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r.yaml").write_bytes(content)
    with pytest.raises(UnreadableError, match=r"r\.yaml: not a recipe"):
        read_recipe(tmp_path / "r.yaml")


def test_sections_of_a_method_are_checked_against_its_constructors() -> None:
    with pytest.raises(UnknownNameError, match="did you mean exposure"):
        call(Objective, {"exposur": 1}, where="objective")
    with pytest.raises(ContractError, match=r"network\.convolution: expected one of"):
        call(Network, {"convolution": "square"}, where="network")


@pytest.mark.parametrize("file", ["recipe.yaml", "weights/nights.yaml"])
def test_shipped_recipes_build(file: str) -> None:
    recipe = read_recipe(Path(sgz.__file__).parent / file)
    call(Network, recipe.network, where="network")
    call(Objective, recipe.objective, where="objective")


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ((), (100, 0, 30)),
        (("training.steps=50",), (100, 50, 0)),
        (("training.epochs=2",), (2, 0, 0)),
        (("training.minutes=5",), (100, 0, 5)),
        (("training.epochs=2", "training.steps=7"), (2, 7, 0)),
        (("training.seed=3",), (100, 0, 30)),
    ],
)
def test_a_length_that_is_set_beats_the_recipes(
    plain: Path, settings: tuple[str, ...], found: tuple[int, int, float]
) -> None:
    plain.write_text("method: sgz\ntraining: {minutes: 30}\n")
    training = read_recipe(plain, settings=settings).training
    assert (training.epochs, training.steps, training.minutes) == found


def test_two_lengths_are_refused(plain: Path) -> None:
    with pytest.raises(ContractError, match="choose one of them"):
        read_recipe(plain, settings=("training.steps=5", "training.minutes=1"))
