"""One export from what is asked to files that were proven to agree with their source."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import onnx
from torch import nn

from relume.arrays import Floats
from relume.card import to_json
from relume.errors import ContractError
from relume.export import bearing, darktable, torchscript
from relume.export.agreement import (
    HALF_TOLERANCE,
    SIZES,
    SWEPT,
    TOLERANCE,
    DisagreementError,
    Run,
    largest_difference,
    require_agreement,
    run_of,
)
from relume.export.fidelity import (
    ENOUGH,
    TRIALS,
    TRIED,
    Yardstick,
    few_channels,
    keep_what_pays,
)
from relume.export.graphs import FIDELITY_KEY, PRECISION_KEY, facts, parse, state
from relume.export.half import through_half, to_half, to_half_storage
from relume.export.integers import to_int8
from relume.export.onnx import CARD_KEY, runner
from relume.export.openvino import run_of_openvino, to_openvino, write_openvino
from relume.export.ranges import Calibration
from relume.export.request import check_request
from relume.export.samples import Samples, feeds_of
from relume.export.saying import Say, silent
from relume.export.source import Source
from relume.export.wanted import Precision, Target, as_precision, check_precision
from relume.io.atomic import replacing
from relume.release import __version__


@dataclass(frozen=True)
class Exported:
    """What was written, and how well it agrees."""

    files: tuple[Path, ...]
    fidelity: float | None = None
    """Mean PSNR of int8 to float32 in dB."""
    notes: tuple[str, ...] = ()


def export(
    source: Source,
    output: Path,
    *,
    target: Target,
    precision: Precision,
    samples: Samples | None = None,
    calibration: Calibration = "percentile",
    shape: tuple[int, int] | None = None,
    opset: int | None = None,
    say: Say = silent,
) -> Exported:
    """Write a source in the form of a target, once it agrees with the source.

    int8 needs `samples`; `shape` is the only height and width the file takes; `say` hears how far.
    Raises: DisagreementError, and nothing is written; ContractError, UnwritableError, WeightsError.
    """
    check_request(source, output, target=target, shape=shape, opset=opset)
    check_precision(precision, target=target)
    if precision == "int8" and samples is None:
        raise ContractError("int8 needs pictures to find ranges by: --calibrate DIR")
    job = _Job(source, output, shape, samples, calibration, say)
    if target == "torchscript":
        return job.torchscript(precision)
    return job.graph(precision, target, opset or source.opset)


@dataclass(frozen=True)
class _Job:
    source: Source
    output: Path
    shape: tuple[int, int] | None
    samples: Samples | None
    calibration: Calibration
    say: Say

    def graph(self, precision: Precision, target: Target, opset: int) -> Exported:
        """Write ONNX, or OpenVINO's format by way of it."""
        full = self.source.to_onnx(opset)
        match precision:
            case "fp32":
                return self.write(_with_facts(full, {PRECISION_KEY: "fp32"}, self.shape), target)
            case "fp16":
                try:
                    return self.write(_with_facts(to_half(full), {}, self.shape), target)
                except DisagreementError:
                    sizes = bearing.sizes_of(full)
                    kept = self.stored(sizes, bearing.runner_of_rounded(full, _half))
                    small = _with_facts(to_half_storage(full, layers=kept), {}, self.shape)
                    return replace(self.write(small, target), notes=(_stored(kept, sizes),))
            case "int8":
                calibration, yardstick = self.measured
                fidelity, small = to_int8(
                    full,
                    calibration,
                    calibration=self.calibration,
                    yardstick=yardstick,
                    multiple_of=self.source.face.multiple_of,
                    say=self.say,
                )
                self.enough(fidelity)
                measured = {FIDELITY_KEY: f"{fidelity:.2f}"}
                made = self.write(_with_facts(small, measured, self.shape), target)
                return replace(made, fidelity=fidelity)

    def write(self, content: bytes, target: Target) -> Exported:
        precision = facts(parse(content, where=self.output.name))[PRECISION_KEY]
        if target == "onnx":
            self.check(runner(content), as_precision(precision))
            return self.save(content)
        if target == "darktable":
            return self.darktable(content)
        made = to_openvino(content, where=self.output.name)
        run = run_of_openvino(made, outputs=self.source.face.outputs)
        self.check(run, as_precision(precision))
        write_openvino(made, self.output)
        return Exported((self.output, self.output.with_suffix(".bin")))

    def darktable(self, content: bytes) -> Exported:
        """Write a package for darktable, once it agrees as darktable runs it."""
        version = ".".join(__version__.split(".")[:2])
        knobs = self.source.face.knobs
        made = darktable.package(content, self.source.card, knobs=knobs, version=version)
        require_agreement(
            lambda feeds: self.source.expected(feeds)[:1],
            darktable.run_of_package(made),
            darktable.face_of_package(self.source.face),
            name=self.output.name,
            sizes=self.sizes,
        )
        return self.save(made)

    def torchscript(self, precision: Precision) -> Exported:
        network = self.source.network
        assert network is not None  # checked with the request
        fidelity: float | None = None
        match precision:
            case "fp32":
                content = self.scripted(network, precision)
            case "fp16":
                half = torchscript.halved(network)
                try:
                    # Before it is scripted, which takes longer than to see that it does not agree.
                    self.agree(run_of(half), HALF_TOLERANCE)
                    content = self.scripted(half, precision)
                except DisagreementError:
                    sizes = torchscript.sizes_of(network)
                    kept = self.stored(
                        sizes,
                        lambda layers: run_of(torchscript.stored_half(network, layers=layers)),
                    )
                    small = torchscript.stored_half(network, layers=kept)
                    made = self.save(self.scripted(small, precision))
                    return replace(made, notes=(_stored(kept, sizes),))
            case "int8":
                fidelity, made = self.rounded(network)
                content = self.scripted(made, precision, fidelity=fidelity)
        return replace(self.save(content), fidelity=fidelity)

    def save(self, content: bytes) -> Exported:
        with replacing(self.output) as file:
            file.write(content)
        return Exported((self.output,))

    def stored(
        self, sizes: Mapping[str, int], rounding: Callable[[Collection[str]], Run]
    ) -> Collection[str]:
        """Return the layers whose parameters may be kept in float16 where products may not."""
        face, expected = self.source.face, self.source.expected
        alone = largest_difference(expected, face, sizes=(face.size(*(self.shape or SWEPT)),))
        together = largest_difference(expected, face, sizes=self.sizes)
        kept = bearing.layers_that_bear(
            sizes,
            alone=lambda layers: alone(rounding(layers)),
            together=lambda layers: together(rounding(layers)),
            tolerance=_SHARE_OF_ROUNDING * HALF_TOLERANCE,
            say=self.say,
        )
        if not kept:
            raise DisagreementError(
                f"{self.output.name}: not written: no layer of {self.source.card.name} is exact "
                "enough in float16; take --precision fp32"
            )
        return kept

    def rounded(self, network: nn.Module) -> tuple[float, nn.Module]:
        (calibration, yardstick), say = self.measured, self.say
        ranges = torchscript.observe_layers(network, calibration, self.calibration, say=say)
        channels = torchscript.channels_of(network)
        step = self.source.face.multiple_of
        ranking = yardstick.smaller(multiple_of=step, strays=self.straying((SWEPT,)))

        def search(judge: Yardstick) -> tuple[float, nn.Module]:
            def attempt(kept: Collection[str]) -> tuple[float, nn.Module]:
                made = torchscript.rounded(network, ranges, kept=kept)
                return judge.measure(torchscript.run_of(made)), made

            return keep_what_pays(attempt, channels, few_channels(channels), alone=alone, say=say)

        @cache
        def alone(layer: str) -> float:
            made = torchscript.rounded(network, ranges, kept=set(channels) - {layer})
            return ranking.measure(torchscript.run_of(made))

        # Torch takes long for whole pictures: pieces choose, and where they chose badly, these do.
        _, made = search(yardstick.smaller(multiple_of=step, side=TRIED, count=TRIALS))
        fidelity = yardstick.measure(torchscript.run_of(made))
        if fidelity < ENOUGH:
            fidelity, made = search(yardstick)
        self.enough(fidelity)
        return fidelity, made

    def scripted(
        self, network: nn.Module, precision: Precision, *, fidelity: float | None = None
    ) -> bytes:
        """Return TorchScript that agrees: by a trace, else by way of torch.export."""
        face = self.source.face
        known = {
            CARD_KEY: to_json(self.source.card),
            PRECISION_KEY: precision,
            "relume.inputs": ",".join(face.inputs),
            "relume.outputs": ",".join(face.outputs),
        }
        if fidelity is not None:
            known[FIDELITY_KEY] = f"{fidelity:.2f}"
        try:
            return self.sound(torchscript.to_torchscript(network, face, known), precision)
        except (DisagreementError, RuntimeError) as error:
            # A trace fixes what depends on a size; RuntimeError is how it fails at another one.
            first = error
        try:
            by_export = torchscript.to_torchscript_by_export(network, face, known)
        except RuntimeError as error:
            if isinstance(first, DisagreementError):
                raise first from error
            reason = " ".join(str(first).split())[:160]
            raise DisagreementError(
                f"{self.output.name}: not written: TorchScript cannot hold this network ({reason})"
            ) from error
        return self.sound(by_export, precision)

    def sound(self, content: bytes, precision: Precision) -> bytes:
        run = torchscript.run_of_torchscript(content, inputs=self.source.face.inputs)
        self.check(run, precision)
        return content

    @cached_property
    def measured(self) -> tuple[list[Any], Yardstick]:
        """Return what to calibrate by and what to measure on, as the graph is fed."""
        assert self.samples is not None  # checked by export
        inputs = self.source.face.inputs
        feeds = [
            [feeds_of(each, self.source.card, inputs=inputs) for each in members]
            for members in (self.samples.calibration, self.samples.evaluation)
        ]
        strays = self.straying(self.sizes)
        return feeds[0], Yardstick(self.source.expected, feeds[1], strays=strays)

    def straying(self, sizes: Sequence[tuple[int, int]]) -> Callable[[Run], bool]:
        """Return what tells whether a model leaves the bounds of its results at some sizes."""
        face = self.source.face
        wanted = [face.size(*(self.shape or size)) for size in sizes]
        difference = largest_difference(self.source.expected, face, sizes=wanted)
        return lambda found: not difference(found) <= _INT8_TOLERANCE

    def enough(self, fidelity: float) -> None:
        if not fidelity >= ENOUGH:
            raise DisagreementError(
                f"{self.output.name}: not written: int8 is {fidelity:.1f} dB from float32 on the "
                f"calibration pictures, less than {ENOUGH:g}; try more of them or --precision fp16"
            )

    def check(self, run: Run, precision: Precision) -> None:
        """Compare what will be written with the source as its precision allows."""
        self.say("comparing with the network")
        if precision == "int8":
            self.agree(run, _INT8_TOLERANCE)
            if self.shape is None:  # else there may be no picture of that size
                self.enough(self.measured[1].measure(run))
        else:
            self.agree(run, TOLERANCE if precision == "fp32" else HALF_TOLERANCE)

    @property
    def sizes(self) -> Sequence[tuple[int, int]]:
        """Return the heights and widths the file is compared at."""
        return SIZES if self.shape is None else (self.shape,)

    def agree(self, run: Run, tolerance: float) -> None:
        require_agreement(
            self.source.expected, run, self.source.face,
            name=self.output.name, tolerance=tolerance, sizes=self.sizes,
        )  # fmt: skip


_INT8_TOLERANCE = 1.0
"""Of 8-bit results at every size and knob: finite, of the right shape and range; how close they
are is measured on pictures, not on noise."""
_SHARE_OF_ROUNDING = 0.9
"""Of the tolerance in float16; the rest is for what engines differ by."""


def _half(values: Floats, *, axis: int) -> Floats:
    return through_half(values)


def _stored(kept: Collection[str], sizes: Mapping[str, int]) -> str:
    """Say what float16 is used for where products in it are not exact enough."""
    share = sum(sizes[name] for name in kept) / sum(sizes.values())
    return (
        f"products in float16 are not exact enough: {share:.0%} of the parameters, in {len(kept)} "
        f"of {len(sizes)} layers, are kept in float16 and computed with in float32: a smaller "
        "file, not less time"
    )


def _with_facts(content: bytes, new: Mapping[str, str], shape: tuple[int, int] | None) -> bytes:
    """Add facts to a model, and fix the size of its picture where one is asked for."""
    model = parse(content, where="the model")
    state(model, new)
    if shape is not None:
        dims = model.graph.input[0].type.tensor_type.shape.dim
        for axis, length in {0: 1, 2: shape[0], 3: shape[1]}.items():
            dims[axis].dim_value = length
        for output in model.graph.output:
            output.type.tensor_type.ClearField("shape")
        model = onnx.shape_inference.infer_shapes(model)
        del model.graph.value_info[:]
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)
