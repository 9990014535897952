"""A whole benchmark: sets, rows and metrics in, records and reports out."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from relume.arrays import Picture
from relume.bench import board
from relume.bench.page import page
from relume.bench.record import Record, Store
from relume.bench.rows import Product, Row
from relume.bench.run import Step, run
from relume.bench.sets import PictureSet
from relume.bench.table import Table, tables
from relume.bench.thumbnails import HIGH, LOW, Thumbnails
from relume.errors import ContractError
from relume.metrics.scorer import Scorer
from relume.photo import Photo

PAGE = "board.html"
RECORDS = "records.jsonl"


@dataclass(frozen=True)
class Suite:
    """What is measured with what, and where that is kept."""

    sets: Sequence[PictureSet]
    rows: Sequence[Row]
    scorers: Sequence[Scorer]
    records: Path
    thumbnails: Thumbnails
    clean: Mapping[str, Container[str]] = field(default_factory=dict[str, Container[str]])
    """Name of a set → the keys that an audit found clean."""

    @property
    def size(self) -> int:
        """How many pictures are to be made, the reused ones too."""
        return len(self.rows) * sum(len(pictures.pairs) for pictures in self.sets)

    def measure(self, tell: Callable[[Step], None]) -> list[Table]:
        """Measure what the records lack, and return the tables of everything that was asked for.

        Raises: UnwritableError; ContractError when the records are damaged.
        """
        labels = [str(each.label) for each in self.scorers]
        found: list[Record] = []
        with Store(self.records) as store:
            for pictures in self.sets:
                for step in run(pictures, self.rows, self.scorers, store=store, show=self._keep):
                    tell(step)
                    found.append(_only(step.record, labels))
        problems = {each.name: each.excluded for each in self.sets}
        return tables(found, problems=problems, clean=self.clean)

    def _keep(self, record: Record, low: Photo, product: Product, high: Photo | None) -> None:
        self._put(record.row, record, product.picture)
        for row, photo in ((LOW, low), (HIGH, high)):
            known = self.thumbnails.has(dataset=record.dataset, row=row, key=record.key)
            if photo is not None and not known:
                self._put(row, record, photo.pixels)

    def _put(self, row: str, record: Record, picture: Picture) -> None:
        with suppress(ContractError):  # what is wrong with it stands in the record
            self.thumbnails.put(picture, dataset=record.dataset, row=row, key=record.key)


def _only(record: Record, labels: Sequence[str]) -> Record:
    """Leave out numbers of an earlier run that were not asked for now."""
    return replace(
        record,
        values={name: record.values[name] for name in labels if name in record.values},
        faults={name: record.faults[name] for name in labels if name in record.faults},
    )


def write(tables: Sequence[Table], folder: Path, thumbnails: Thumbnails) -> None:
    """Write Markdown, CSV and the page into a folder. Raises: UnwritableError."""
    board.write(tables, folder)
    board.write_text(folder / PAGE, page(tables, thumbnails))
