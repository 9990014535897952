"""Every row on every picture, one after the other, so that times are those of an idle machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from relume import io
from relume.bench.record import Origin, Record, Store, digest, machine, versions
from relume.bench.rows import Product, Row
from relume.bench.scoring import measure
from relume.bench.sets import PictureSet
from relume.data import Pair
from relume.errors import RelumeError
from relume.metrics.scorer import Scorer
from relume.photo import Photo

Show = Callable[[Record, Photo, Product, Photo | None], None]
"""Called with each new picture, its dark input, the result and the reference."""


@dataclass(frozen=True)
class Step:
    """A row has dealt with a picture."""

    record: Record
    reused: bool


def usable(scorers: Sequence[Scorer], pictures: PictureSet) -> list[Scorer]:
    """Return the scorers that a set has pictures to compare with for."""
    return [each for each in scorers if each.metric.reference != "full" or pictures.paired]


def run(
    pictures: PictureSet,
    rows: Sequence[Row],
    scorers: Sequence[Scorer],
    *,
    store: Store,
    show: Show,
) -> Iterator[Step]:
    """Measure every row on every pair of a set; what the store holds is not measured again.

    A picture that fails becomes a record with faults, and the run goes on.
    """
    wanted = usable(scorers, pictures)
    hashes = {pair.key: _Hashes.of(pair) for pair in pictures.pairs}
    for row in rows:
        warm = False
        for pair in pictures.pairs:
            blank = _blank(pictures.name, row.name, pair.key, hashes[pair.key])
            try:
                blank = replace(blank, origin=row.origin(pair))
            except RelumeError as error:
                yield Step(_failed(blank, wanted, str(error), store), reused=False)
                continue
            known = store.find(blank) or blank
            missing = [each for each in wanted if str(each.label) not in known.values]
            if not missing:
                yield Step(known, reused=True)
                continue
            try:
                low = io.read(pair.low)
                high = io.read(pair.high) if pair.high is not None else None
                if not warm:
                    row.start(low)
                    warm = True
                product = row.produce(pair, low)
            except Exception as error:  # a plugin may raise anything; the run must go on
                yield Step(_failed(known, missing, reason(error), store), reused=False)
                continue
            record = _measured(known, low, product, high, missing)
            store.add(record)
            show(record, low, product, high)
            yield Step(record, reused=False)
        row.stop()


def reason(error: Exception) -> str:
    """Say in one line what went wrong."""
    return str(error) if isinstance(error, RelumeError) else f"{type(error).__name__}: {error}"


@dataclass(frozen=True)
class _Hashes:
    low: str
    high: str

    @staticmethod
    def of(pair: Pair) -> _Hashes:
        """Hash a pair's files; reading one that is gone tells so later, for each row."""
        try:
            return _Hashes(digest(pair.low), digest(pair.high) if pair.high else "")
        except RelumeError:
            return _Hashes("", "")


def _blank(dataset: str, row: str, key: str, hashes: _Hashes) -> Record:
    return Record(
        dataset=dataset,
        row=row,
        key=key,
        origin=Origin("", ""),
        low=hashes.low,
        high=hashes.high,
        width=0,
        height=0,
        values={},
        faults={},
        seconds=None,
        mebibytes=None,
        note="",
        versions=versions(),
        machine=machine(),
    )


def _failed(known: Record, missing: Sequence[Scorer], why: str, store: Store) -> Record:
    record = replace(known, faults={str(each.label): why for each in missing})
    store.add(record)
    return record


def _measured(
    known: Record,
    low: Photo,
    product: Product,
    high: Photo | None,
    missing: Sequence[Scorer],
) -> Record:
    """Add to what is known of a picture."""
    values, faults = measure(
        product.picture,
        missing,
        reference=high.pixels if high is not None else None,
        low=low.pixels,
    )
    return replace(
        known,
        width=low.width,
        height=low.height,
        values={**known.values, **values},
        faults=faults,
        seconds=product.seconds,
        mebibytes=product.mebibytes,
        note=product.note,
        versions=versions(),
        machine=machine(),
    )
