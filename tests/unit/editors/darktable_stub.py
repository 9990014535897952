"""As much of darktable's Lua API as the scripts call: tensors are NumPy's, runs ONNX Runtime's."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from lupa.lua54 import LuaRuntime

from relume.colour import decode_srgb, encode_srgb
from relume.editors import install

SCRIPTS = Path(install.__file__).parent / "darktable"


class Tensor:
    """A tensor of `darktable.ai`."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values.astype(np.float32)

    def linear_to_srgb(self) -> None:
        self.values = np.where(
            self.values <= 1, encode_srgb(np.maximum(self.values, 0)), self.values
        ).astype(np.float32)

    def srgb_to_linear(self) -> None:
        self.values = decode_srgb(np.maximum(self.values, 0)).astype(np.float32)

    def set(self, index: Any, value: float) -> None:
        self.values[tuple(index.values())] = value

    def save_tiff(self, path: str, bits: int, image: Any) -> None:
        np.save(path + ".npy", self.values)
        Path(path).write_bytes(b"TIFF")


class Context:
    """A loaded model."""

    def __init__(self, content: bytes) -> None:
        self.session: Any = onnxruntime.InferenceSession(
            content, providers=["CPUExecutionProvider"]
        )

    def run(self, *tensors: Tensor) -> Tensor:
        names = [port.name for port in self.session.get_inputs()]
        assert len(names) == len(tensors), f"{names} want {len(tensors)} tensors"
        assert all(tensor.values.ndim for tensor in tensors), "Lua has no 0-d tensor"
        feeds = {name: tensor.values for name, tensor in zip(names, tensors, strict=True)}
        (found,) = self.session.run(None, feeds)
        return Tensor(found)

    def close(self) -> None: ...


class Darktable:
    """The program around the scripts."""

    def __init__(self, folder: Path, picture: np.ndarray, model: bytes | None = None) -> None:
        self.folder, self.picture, self.model = folder, picture, model
        self.said: list[str] = []
        self.imported: list[str] = []
        self.grouped: list[Any] = []
        self.lines: list[str] = []
        self.lua = LuaRuntime(unpack_returned_tuples=True)
        self.lua.execute("package.path = ...", f"{SCRIPTS}/?.lua;{folder}/?.lua")
        self.lua.globals().package.loaded["darktable"] = self.api()

    def load(self, name: str) -> Any:
        return self.lua.execute(f'return (require "{name}")')

    def table(self, **values: Any) -> Any:
        return self.lua.table_from(values)

    def image(self, name: str) -> Any:
        found = self.table(path=str(self.folder), filename=name, rating=3)
        found.group_leader = found
        return found

    def api(self) -> Any:
        lua = self.lua
        widget = lua.eval(
            "function() return function(t) t.value = t.value or 0; "
            "if t[1] and type(t[1]) == 'string' then t.value = t[t.value] end return t end end"
        )
        api = self.table(
            print=self.said.append,
            print_error=self.said.append,
            new_widget=lambda kind: widget(),
            new_format=lambda kind: self.table(write_image=self.write_image),
            register_lib=lambda *arguments: None,
            gui=self.table(
                create_job=lambda *arguments: self.table(valid=True, percent=0),
                views=self.table(lighttable="lighttable"),
                libs=self.table(relume=self.table(), relume_ai=self.table()),
                action_images=lua.table(),
            ),
            control=self.table(execute=self.execute, ending=False),
            tags=self.table(
                get_tags=lambda image: lua.table_from([self.table(name="places|night")]),
                attach=lambda tag, image: self.grouped.append(tag.name),
            ),
            database=self.table(**{"import": self.take}),
        )
        if self.model is not None:
            api.ai = self.table(
                model_for_task=lambda task: "relight-relume" if task == "relight" else None,
                load_model=lambda name, provider: self.wrap(Context(self.model or b"")),
                create_tensor=lambda dims: self.wrap(Tensor(np.zeros(list(dims.values())))),
                load_image=lambda image: self.wrap(
                    Tensor(decode_srgb(self.picture).transpose(2, 0, 1)[None])
                ),
            )
        return api

    def wrap(self, thing: Any) -> Any:
        """Give a Python object Lua's colon calls."""
        table = self.lua.table()
        table.thing = thing

        def caller(name: str) -> Any:
            def call(_: Any, *arguments: Any) -> Any:
                given = [
                    each.thing if hasattr(each, "thing") and each.thing is not None else each
                    for each in arguments
                ]
                result = getattr(thing, name)(*given)
                return self.wrap(result) if isinstance(result, Tensor) else result

            return call

        for name in dir(thing):
            if not name.startswith("_") and callable(getattr(thing, name)):
                table[name] = caller(name)
        return table

    def write_image(self, form: Any, image: Any, path: str, upscale: bool) -> bool:
        shutil.copy(self.folder / image.filename, path)
        return True

    def execute(self, line: str) -> int:
        self.lines.append(line)
        return subprocess.run(shlex.split(line), check=False, timeout=120).returncode

    def take(self, path: str) -> Any:
        self.imported.append(path)
        return self.table(group_with=lambda made, leader: self.grouped.append(leader.filename))
