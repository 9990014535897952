"""Whose record a file is: names in it are relative to one folder of results, and to no other."""

from __future__ import annotations

import os
from pathlib import Path

from relume.errors import ContractError
from relume.runs.manifest import Manifest
from relume.runs.manifest_files import HOME


def refuse_of_another(manifest: Manifest) -> Manifest:
    """Return a record, or close it if it is another folder's: what it says of that folder's
    results would be read, and made anew, in this one.

    A folder that has moved is gone where it was. One that was copied together with its record has
    another record there. Results that are called in full, or by an address, are of no folder.

    Raises: ContractError.
    """
    path, root = manifest.path.absolute(), manifest.root.absolute()
    if path.parent.name == HOME:
        owners = {str(path.parent.parent)}
    else:
        owners = {run.results for run in manifest.runs() if run.results}
    # Its rows, which may be a million, are looked at only where there is a doubt.
    others = {owner for owner in owners if _is_another(Path(owner), root, path)}
    if others and (named := manifest.folders_named()):
        found = sorted(others if path.parent.name == HOME else others & named)
        if found:
            manifest.close()
            raise ContractError(
                f"{manifest.path}: the record of {found[0]}, which would be mixed with that of "
                f"{root}; give {manifest.root} its own --manifest FILE"
            )
    return manifest


def _is_another(owner: Path, root: Path, record: Path) -> bool:
    if not owner.is_dir() or (root.is_dir() and owner.samefile(root)):
        return False
    if owner == root:
        return False
    copied_from = Path(os.path.normpath(owner / os.path.relpath(record, root)))
    return not copied_from.is_file() or copied_from.samefile(record)
