"""The few pictures of a training set that may show what a given picture shows.

Descriptors are projected to their 32 strongest directions and sorted into cells around centres
found by k-means. A query is compared only with the descriptors in the cells nearest to it, and its
nearest one votes for the picture that it came from. Nothing is lost by projecting: descriptors of
photographs keep 88 % of their variance in 32 of 128 directions.

Source: inverted file, Jégou, Douze, Schmid, TPAMI 33(1), 2011, section IV.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relume.arrays import Floats
from relume.audit.keypoints import TURNS, WIDTH, Turn
from relume.audit.products import products

_KEPT = 32
"""Directions, of 128."""
_PROBES = 3
"""Cells a query is looked for in."""
_PER_CELL = 128
"""Descriptors per cell aimed at: comparing a query with the centres then costs as much as with the
descriptors for a few hundred pictures, and the square root of that for many thousand."""
_MOST_CELLS = 8192
_SAMPLE = 40
"""Descriptors per cell from which the centres are learned."""
_ROUNDS = 5
_CANDIDATES = 64
"""Pictures, each turned in one way, that are looked at for each query. Chance gives each of them
its share of the votes, and those of a leak come on top."""
_LEAST_VOTES = 2
_BLOCK = 8192
"""Rows of a matrix product, so that it needs a few hundred megabytes at most."""


@dataclass(frozen=True)
class Candidate:
    """A picture of the index that may show what the query shows, turned."""

    picture: int
    turn: Turn
    votes: int


class Index:
    """Descriptors of many pictures, searchable."""

    def __init__(self, descriptors: Sequence[NDArray[np.uint8]]) -> None:
        counts = [len(each) for each in descriptors]
        self._pictures = len(counts)
        every = np.concatenate([np.zeros((0, WIDTH), np.uint8), *descriptors])
        random = np.random.default_rng(0)  # a fixed seed: the same pictures give the same findings
        cells = int(np.clip(len(every) // _PER_CELL, 1, _MOST_CELLS))
        sample = every[np.sort(random.permutation(len(every))[: _SAMPLE * cells])]
        self._mean, self._basis = _principal(_unit(sample))
        self._centres = _cluster(self._project(sample), cells, random) if len(every) else None
        if self._centres is None:
            return
        codes = np.empty((len(every), _KEPT), np.float32)
        cell = np.empty(len(every), np.int32)
        for start in range(0, len(every), _BLOCK):
            block = slice(start, start + _BLOCK)
            codes[block] = self._project(every[block])
            cell[block] = _nearest(codes[block], self._centres, 1)[:, 0]
        order = np.argsort(cell, kind="stable")
        self._codes = codes[order]
        self._owner = np.repeat(np.arange(self._pictures), counts)[order]
        self._starts = np.searchsorted(cell[order], np.arange(cells + 1))

    def search(self, descriptors: NDArray[np.uint8]) -> list[Candidate]:
        """Return the pictures that a picture's (N, WIDTH) descriptors vote for, likeliest first."""
        if self._centres is None or not len(descriptors):
            return []
        queries = self._project(np.concatenate([turn.descriptors(descriptors) for turn in TURNS]))
        owner = self._vote(queries).reshape(len(TURNS), -1)
        votes = np.stack([np.bincount(row[row >= 0], minlength=self._pictures) for row in owner])
        likeliest = np.argsort(-votes, axis=None, kind="stable")[:_CANDIDATES]
        found = zip(*np.unravel_index(likeliest, votes.shape), strict=True)
        return [
            Candidate(int(picture), TURNS[turn], int(votes[turn, picture]))
            for turn, picture in found
            if votes[turn, picture] >= _LEAST_VOTES
        ]

    def _project(self, descriptors: NDArray[np.uint8]) -> Floats:
        return (_unit(descriptors) - self._mean) @ self._basis

    def _vote(self, queries: Floats) -> NDArray[np.intp]:
        """Return the picture that holds the nearest descriptor of each query, −1 if none."""
        assert self._centres is not None
        best = np.full(len(queries), np.inf, np.float32)
        owner = np.full(len(queries), -1, np.intp)
        probes = _nearest(queries, self._centres, _PROBES)
        cell = probes.ravel()
        order = np.argsort(cell, kind="stable")
        bounds = np.searchsorted(cell[order], np.arange(len(self._centres) + 1))
        for index in np.flatnonzero(np.diff(bounds)):
            start, end = self._starts[index], self._starts[index + 1]
            if start == end:
                continue
            rows = order[bounds[index] : bounds[index + 1]] // probes.shape[1]
            distance = _distances(queries[rows], self._codes[start:end])
            found = distance.argmin(axis=1)
            nearest = distance[np.arange(len(rows)), found]
            better = nearest < best[rows]
            best[rows[better]] = nearest[better]
            owner[rows[better]] = self._owner[start + found[better]]
        return owner


def _unit(descriptors: NDArray[np.uint8]) -> Floats:
    return descriptors.astype(np.float32) / np.float32(255.0)


def _principal(sample: Floats) -> tuple[Floats, Floats]:
    """Return mean and strongest directions of rows."""
    if not len(sample):
        return np.zeros(WIDTH, np.float32), np.zeros((WIDTH, _KEPT), np.float32)
    mean = sample.mean(axis=0)
    centred = sample - mean
    _, directions = np.linalg.eigh(centred.T @ centred)
    return mean, np.ascontiguousarray(directions[:, -_KEPT:])


def _distances(rows: Floats, others: Floats) -> Floats:
    """Return squared distances without the rows' own squares, which do not change an order."""
    return 0.5 * (others * others).sum(axis=1) - products(rows, others)


def _nearest(rows: Floats, centres: Floats, count: int) -> NDArray[np.intp]:
    distance = _distances(rows, centres)
    if count == 1:
        return distance.argmin(axis=1)[:, None]
    count = min(count, len(centres))
    return np.argpartition(distance, count - 1, axis=1)[:, :count]


def _cluster(rows: Floats, count: int, random: np.random.Generator) -> Floats:
    """Return `count` centres of rows, by k-means."""
    centres = rows[random.permutation(len(rows))[:count]].copy()
    for _ in range(_ROUNDS):
        blocks = [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]
        cell = np.concatenate([_nearest(block, centres, 1)[:, 0] for block in blocks])
        order = np.argsort(cell, kind="stable")
        held = np.flatnonzero(np.bincount(cell, minlength=count))  # an empty cell keeps its centre
        sums = np.add.reduceat(rows[order], np.searchsorted(cell[order], held), axis=0)
        centres[held] = sums / np.bincount(cell, minlength=count)[held, None]
    return centres
