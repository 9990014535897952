"""`relume --help` says what each verb does without importing any."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

from relume.cli import verbs


def test_examples_hold_no_blank_lines() -> None:
    for verb in verbs():
        examples = getattr(import_module(f"relume.cli.{verb.replace('-', '_')}"), "EXAMPLES", "-")
        assert all(line.strip() for line in examples.splitlines()), verb


def test_help_reads_what_verbs_say_and_imports_none() -> None:
    code = (
        "import sys; from relume.cli import main, verbs; main(['--help']);"
        "names = {'relume.cli.' + verb.replace('-', '_') for verb in verbs()};"
        "print(sorted(names & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *lines, imported = ended.stdout.splitlines()
    assert imported == "[]"
    shown = " ".join(" ".join(lines).split())
    for verb in verbs():
        name = verb.replace("-", "_")
        words = getattr(import_module(f"relume.cli.{name}"), name).__doc__.split()
        assert f"{verb} {' '.join(words).split('. ')[0].rstrip('.')}." in shown
