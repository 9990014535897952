#!/usr/bin/env python3
"""relume for GIMP 3: Colors → More light (relume).

The layer goes out as a TIFF with its colour profile, `relume edit` enhances the copy, and the
result comes in as a new layer above, at the same place and with the same mask: its opacity is the
strength. `relume install-plugin gimp` puts this file where GIMP looks and writes `relume.json`
beside it, which says where the command is and what its knobs are; RELUME in the environment
overrides it. GIMP's own Python has no NumPy, so none is used.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("GimpUi", "3.0")
from gi.repository import Gimp, GimpUi, Gio, GLib, GObject

PROCEDURE = "plug-in-relume"
LIMIT_S = 600
# relume reads whole numbers; what is brought in takes the precision of the image again.
AS_IT_IS = (Gimp.Precision.U8_NON_LINEAR, Gimp.Precision.U16_NON_LINEAR)
FACTS = Path(__file__).with_name("relume.json")
KNOBS = [
    {"name": "exposure", "default": 0.0, "low": -2.0, "high": 2.0, "meaning": "stops brighter"},
    {"name": "highlights", "default": 0.8, "low": 0.0, "high": 1.0, "meaning": "spared highlights"},
    {"name": "denoise", "default": 1.0, "low": 0.0, "high": 1.0, "meaning": "noise taken away"},
]


def facts():
    """Return what the installer wrote; nothing where it did not."""
    try:
        return json.loads(FACTS.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def command():
    """Return the words that start relume, or raise with the way out."""
    if os.environ.get("RELUME"):
        return shlex.split(os.environ["RELUME"])
    words = facts().get("command")
    if words:
        return [str(word) for word in words]
    found = shutil.which("relume")
    if found:
        return [found]
    raise RuntimeError(
        "relume was not found: run `relume install-plugin gimp`, or set RELUME to the command"
    )


def knobs():
    """Return the knobs of the dialog."""
    return facts().get("knobs") or KNOBS


def call_relume(source, target, values, method):
    """Enhance one file and wait for it."""
    line = [*command(), "edit", str(source), "--output", str(target), "--quiet"]
    line += ["--method", method]
    for name, value in values.items():
        line += ["--knob", f"{name}={value:.4f}"]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if ended.returncode:
        raise RuntimeError(ended.stderr.strip().splitlines()[-1] if ended.stderr else "it failed")


def same_in(copy, image, layer):
    """Return what a layer is in a duplicate of its image, in groups too.

    By place: a duplicate has the same layers in the same order.
    """
    parent = layer.get_parent()
    level = copy.get_layers() if parent is None else same_in(copy, image, parent).get_children()
    return level[image.get_item_position(layer)]


def put_out(image, layer, path):
    """Write one layer as a TIFF in the image's precision, with its profile."""
    copy = image.duplicate()
    try:
        kept = same_in(copy, image, layer)
        if kept.get_parent() is not None:
            copy.reorder_item(kept, None, 0)  # out of its group, whose opacity is not its own
        for other in copy.get_layers():
            if other != kept:
                copy.remove_layer(other)
        if kept.get_mask() is not None:
            kept.remove_mask(Gimp.MaskApplyMode.DISCARD)
        if copy.get_precision() not in AS_IT_IS:
            copy.convert_precision(Gimp.Precision.U16_NON_LINEAR)
        kept.set_opacity(100.0)
        kept.set_visible(True)
        copy.resize_to_layers()
        export = Gimp.get_pdb().lookup_procedure("file-tiff-export")
        config = export.create_config()
        config.set_property("image", copy)
        config.set_property("file", Gio.File.new_for_path(str(path)))
        config.set_property("include-color-profile", True)
        result = export.run(config)
        if result.index(0) != Gimp.PDBStatusType.SUCCESS:
            raise RuntimeError("GIMP could not write the layer")
    finally:
        copy.delete()


def bring_in(image, layer, path):
    """Load the result as a layer above, at the same place, with a copy of the mask."""
    made = Gimp.file_load_layer(
        Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(str(path))
    )
    made.set_name(f"{layer.get_name()} (relume)")
    parent = layer.get_parent()
    image.insert_layer(made, parent, image.get_item_position(layer))
    _, left, top = layer.get_offsets()
    made.set_offsets(left, top)
    mask = layer.get_mask()
    if mask is not None:
        copied = made.create_mask(Gimp.AddMaskType.WHITE)
        made.add_mask(copied)
        shape = mask.get_buffer()
        data = shape.get(shape.get_extent(), 1.0, "Y' u8", 0)
        copied.get_buffer().set(copied.get_buffer().get_extent(), "Y' u8", data)
        copied.update(0, 0, copied.get_width(), copied.get_height())
    return made


def relight(image, layer, values, method):
    """Enhance a layer; everything is one step to undo."""
    source = Path(Gimp.temp_file("tif").get_path())
    target = source.with_name(f"{source.stem}.relume.tif")
    try:
        put_out(image, layer, source)
        call_relume(source, target, values, method)
        image.undo_group_start()
        try:
            bring_in(image, layer, target)
        finally:
            image.undo_group_end()
    finally:
        source.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
    Gimp.displays_flush()


class Relume(Gimp.PlugIn):
    """The plug-in: one procedure in the menu Colors."""

    def do_set_i18n(self, name):
        return False

    def do_query_procedures(self):
        return [PROCEDURE]

    def do_create_procedure(self, name):
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, self.run, None)
        procedure.set_image_types("RGB*, GRAY*")
        procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE)
        procedure.set_menu_label("_More light (relume)…")
        procedure.add_menu_path("<Image>/Colors")
        procedure.set_documentation(
            "More light for a dark layer",
            "Lifts a layer as far as it needs, keeps colour and highlights, calms its noise.",
            name,
        )
        procedure.set_attribution("The relume developers", "The relume developers", "2026")
        flags = GObject.ParamFlags.READWRITE
        for knob in knobs():
            procedure.add_double_argument(
                knob["name"], f"_{knob['name'].capitalize()}", knob["meaning"],
                knob["low"], knob["high"], knob["default"], flags,
            )  # fmt: skip
        procedure.add_string_argument(
            "method", "_Method", "a method of relume", facts().get("method", "relume"), flags
        )
        return procedure

    def run(self, procedure, run_mode, image, drawables, config, data):
        def fail(status, message=""):
            error = GLib.Error.new_literal(Gimp.PlugIn.error_quark(), message, 0)
            return procedure.new_return_values(status, error)

        if len(drawables) != 1 or not isinstance(drawables[0], Gimp.Layer):
            return fail(Gimp.PDBStatusType.CALLING_ERROR, "relume works on one layer: choose one")
        if run_mode == Gimp.RunMode.INTERACTIVE:
            GimpUi.init(PROCEDURE)
            dialog = GimpUi.ProcedureDialog(procedure=procedure, config=config)
            dialog.fill(None)
            agreed = dialog.run()
            dialog.destroy()
            if not agreed:
                return fail(Gimp.PDBStatusType.CANCEL)
        method = config.get_property("method")
        own = method.split("@")[0] == facts().get("method", "relume")
        values = {knob["name"]: config.get_property(knob["name"]) for knob in knobs()}
        try:
            relight(image, drawables[0], values if own else {}, method)
        except (OSError, RuntimeError, subprocess.TimeoutExpired) as error:
            return fail(Gimp.PDBStatusType.EXECUTION_ERROR, f"relume: {error}")
        return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())


if __name__ == "__main__":
    Gimp.main(Relume.__gtype__, sys.argv)
