"""The service's small parts: sizes told early, forms in pieces, messages, spools, estimates."""

from __future__ import annotations

import itertools
import os
import socket

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake.service import picture
from relume import methods
from relume.errors import ContractError, UnknownNameError
from relume.io import encode
from relume.io.reading import read
from relume.photo import Photo
from relume.serve import messages
from relume.serve.cost import cost
from relume.serve.declared import declared
from relume.serve.multipart import Form
from relume.serve.spool import Spool, opened
from relume.serve.task import FORMATS, Task, of_fields


@pytest.mark.parametrize("format", ["jpeg", "png"])
def test_the_declared_size_is_the_readers(format: str) -> None:
    data = encode(Photo(np.zeros((17, 29, 3), np.uint8), exif=None), format=format)
    assert declared(data) == (29, 17)
    known = next(size for size in range(len(data)) if declared(data[:size]))
    assert declared(data[: known - 1]) is None
    seen: list[tuple[int, int]] = []
    read(data, admit=lambda width, height: seen.append((width, height)))
    assert set(seen) == {(29, 17)}


def test_the_size_behind_much_metadata() -> None:
    data = picture(17, 29)
    stuffed = data[:2] + b"\xff\xe2\xff\xff" + b"\xff\xc0" * 32766 + b"\0" + data[2:]
    assert declared(stuffed) == (29, 17)


@given(st.binary(max_size=200))
def test_any_bytes_may_be_asked_for_a_size(data: bytes) -> None:
    for start in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"):
        size = declared(start + data)
        assert size is None or min(size) >= 0


def test_reading_ends_with_what_admit_raises() -> None:
    def refuse(width: int, height: int) -> None:
        raise ContractError(f"{width} × {height}")

    for format in FORMATS:
        with pytest.raises(ContractError, match="29 × 17"):
            read(picture(17, 29, format=format), admit=refuse)


FORM = (
    b"--b\r\nContent-Disposition: form-data; name=\"method\"\r\n\r\ngamma\r\n"
    b"--b\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"../../etc/passwd\"\r\n"
    b"Content-Type: image/jpeg\r\n\r\n\xff\xd8\r\n--not the end\r\n\x00\r\n"
    b"--b\r\nContent-Disposition: form-data; name=\"knob\"\r\n\r\ngamma=0.5\r\n--b--\r\n"
)  # fmt: skip


@given(st.lists(st.integers(0, len(FORM)), max_size=12))
def test_a_form_in_any_pieces(cuts: list[int]) -> None:
    got: list[bytes] = []
    form = Form("multipart/form-data; boundary=b", got.append)
    places = [0, *sorted(cuts), len(FORM)]
    for start, end in itertools.pairwise(places):
        form.take(FORM[start:end])
    form.end()
    assert b"".join(got) == b"\xff\xd8\r\n--not the end\r\n\x00"
    assert form.fields == [("method", "gamma"), ("knob", "gamma=0.5")]


def test_forms_are_bounded() -> None:
    def part(name: str, value: bytes) -> bytes:
        head = f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        return head.encode() + value + b"\r\n"

    for body in (part("x", b"1" * 5000), part("x", b"1") * 65, part("picture", b"1") * 2):
        with pytest.raises(ContractError):
            Form("multipart/form-data; boundary=b", lambda _: None).take(body)


def test_messages_carry_open_files() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, Spool() as spool:
        spool.append(b"picture")
        messages.send(ours, {"task": {"words": "ü" * 5000}}, (spool.descriptor,))
        inbox = messages.Inbox(theirs)
        message, (file,) = inbox.receive()
        assert message == {"task": {"words": "ü" * 5000}}
        assert os.pread(file, 100, 0) == b"picture"
        os.close(file)
        ours.sendall(b"[1]\n")
        with pytest.raises(messages.ClosedError):
            inbox.receive()
        ours.close()
        with pytest.raises(messages.ClosedError):
            inbox.receive()


def test_a_spool_tells_whether_another_process_opened_it() -> None:
    with Spool() as spool:
        spool.append(b"abc")
        assert not spool.was_opened
        other = os.dup(spool.descriptor)  # as a worker gets it: one position, two numbers
        os.pread(other, 3, 0)
        assert not spool.was_opened
        opened(other)
        os.close(other)
        assert spool.was_opened


def test_a_spool_is_gone_with_its_last_holder() -> None:
    with Spool() as spool:
        spool.append(b"ab")
        spool.append(memoryview(b"cd"))
        assert (spool.size, spool.read(1, 2)) == (4, b"bc")
        descriptor = spool.descriptor
    spool.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


@settings(deadline=None)
@given(
    st.sampled_from(("auto", *methods.names())),
    st.integers(1, 20000),
    st.integers(1, 20000),
    st.sampled_from((b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"II*\0")),
)
def test_a_larger_picture_costs_more(method: str, width: int, height: int, first: bytes) -> None:
    task = Task(method=method)
    small = cost(task, first, width=width, height=height)
    assert small >= width * height * 6  # a picture that was decoded, and one that was made of it
    assert cost(task, first, width=width + 1, height=height) > small
    assert cost(Task(method=method, side=64), first, width=width, height=height) <= small
    assert cost(Task(kind="inspect"), first, width=width, height=height) <= small


def test_tasks_are_checked_before_they_are_sent() -> None:
    assert of_fields([("method", "gamma"), ("knob", "gamma=0.5")]).knobs == {"gamma": 0.5}
    assert Task(**of_fields([("method", "relume@pairs")]).plain()).method == "relume@pairs"
    for given_fields, error in (
        ([("method", "gamma"), ("method", "relume")], ContractError),
        ([("method", "gamma"), ("knob", "gamma=1"), ("knob", "gamma=2")], ContractError),
        ([("kind", "inspect")], UnknownNameError),
        ([("side", "１６")], ContractError),
        ([("side", "8")], ContractError),
        ([("ev", "inf")], ContractError),
    ):
        with pytest.raises(error):
            of_fields(given_fields)
