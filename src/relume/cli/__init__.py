"""The command line: every module here is a verb, imported when that verb runs.

A verb is one file named like it (an underscore is shown as a hyphen) that holds

    EXAMPLES = "relume verb party.jpg\\n…"     # lines for the end of its help
    def verb(…) -> None                        # a typer command; its docstring is the help
    IMPORTS = True                             # it imports much, and then calls `loaded` itself

A verb raises `RelumeError` for what the user should know and `typer.Exit(1)` when it has already
said so. Heavy imports belong inside the function. `relume --help` imports no verb: it reads the
first sentence of each docstring from the source.

| exit code | means                                                     |
|-----------|-----------------------------------------------------------|
| 0         | all is well                                               |
| 1         | something failed                                          |
| 2         | wrong usage: an unknown name or option, a value out of range |
| 130       | interrupted                                               |
"""

from __future__ import annotations

import atexit
import errno
import gc
import io
import os
import re
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from relume.errors import ContractError, RelumeError, UnknownNameError
from relume.release import __version__

# NumPy's OpenBLAS begins with threads that ask for work as fast as they can for some 30 ms, on the
# core that a first picture needs; so they soon sleep until there is some. Results are the same.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")

INTERRUPTED = 130
"""What shells return for a program that Ctrl-C ended: 128 + SIGINT."""
_WrongUsage: type[Exception] = typer.BadParameter.__mro__[1]
"""typer's usage error, by its only public descendant: its home differs between releases."""


_USUAL = gc.get_threshold()
_LATE = (100_000, *_USUAL[1:])
"""Whoever only loads leaves no garbage; it is looked for in vain two hundred times: 10 ms."""


def loaded() -> None:
    """Look for garbage as usual from now on, but not among what was loaded so far."""
    gc.freeze()
    gc.set_threshold(*_USUAL)


def verbs() -> tuple[str, ...]:
    """Return the names of all verbs, sorted."""
    found = (module.name for module in iter_modules(__path__) if not module.name.startswith("_"))
    return tuple(sorted(name.replace("_", "-") for name in found))


class _Verbs(TyperGroup):
    """Commands that are imported when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(verbs())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in verbs():
            raise UnknownNameError.of("verb", cmd_name, verbs())
        name = cmd_name.replace("-", "_")
        module = import_module(f"{__name__}.{name}")
        if not getattr(module, "IMPORTS", False):
            loaded()
        one = typer.Typer(add_completion=False, rich_markup_mode=None)
        examples: str = getattr(module, "EXAMPLES", "")
        # \b keeps the lines as they are instead of filling them to a paragraph.
        epilog = "\b\nExamples:\n" + "\n".join(f"  {line}" for line in examples.splitlines())
        one.command(cmd_name, epilog=epilog if examples else None)(getattr(module, name))
        return typer.main.get_command(one)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(verb, _summary(verb)) for verb in verbs()])


def _summary(verb: str) -> str:
    """Return the first sentence of a verb's help without importing it."""
    name = verb.replace("-", "_")
    source = Path(__path__[0], f"{name}.py").read_text(encoding="utf-8")
    found = re.search(rf'^def {name}\(.*?^    """(.*?)\.\s*(?:"""|\n| )', source, re.M | re.S)
    return "" if found is None else " ".join(found[1].split()) + "."


app = typer.Typer(
    cls=_Verbs,
    # Plain help: importing rich would take longer than printing it.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"relume {__version__}")
        raise typer.Exit


@app.callback(
    invoke_without_command=True,
    epilog="`relume VERB --help` explains a verb and ends with examples.",
)
def relume(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Turn dark pictures into good ones."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; nothing the user does shows a traceback."""
    if arguments is None:
        gc.set_threshold(*_LATE)  # until the verb says that it has `loaded`
    _replace_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A file name or a terminal that knows no Unicode must not end a run.
            stream.reconfigure(errors="replace")
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        code = _leave_the_output()
    except OSError as error:
        code = _fail(f"cannot write to standard output: {error.strerror or error}", code=1)
        _leave_the_output()
    if _is_at_work():
        # The run was called off while a network was at work, which may take minutes and which the
        # interpreter must not cut short. No file is being written, so there is nothing to lose.
        sys.stderr.flush()
        os._exit(code)
    if arguments is None:
        _leave(code)
    return code


def _leave(code: int) -> None:
    """End the process, unless a thread is still at work.

    The interpreter would take itself apart first, module by module: 30 ms, a tenth of a first
    picture. What was registered for the end runs.
    """
    if threading.active_count() > 1:
        return
    atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage]  # nothing public runs them
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # what was printed before has been flushed
            stream.flush()
    os._exit(code)


def _is_of_the_output(error: Exception) -> bool:
    """Tell whether printing failed: what is written to files names them, or is our own error."""
    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EBADF, errno.EIO)
    if isinstance(error, RelumeError) or not isinstance(error, OSError):
        return False
    return error.filename is None and error.errno in full


def _replace_closed_streams() -> None:
    """Open what was closed before we began, so that no file of ours takes its number: an output
    that fails as a closed one does, and an error output that goes nowhere."""
    for name, number, flags in (("stdout", 1, os.O_RDONLY), ("stderr", 2, os.O_WRONLY)):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, flags)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115


def _is_at_work() -> bool:
    if "relume.runs.batch" not in sys.modules:  # too heavy to import only to ask
        return False
    from relume.runs.batch import is_at_work

    return is_at_work()


def _run(arguments: Sequence[str] | None) -> int:
    try:
        given = list(sys.argv[1:] if arguments is None else arguments)
        # The command as it was given is what a manifest records.
        result = app(args=given, prog_name="relume", standalone_mode=False, obj=given)
    except SystemExit as ending:  # typer's own, after --install-completion or a closed pipe
        result = ending.code
    except (KeyboardInterrupt, typer.Abort):
        result = INTERRUPTED
    except _WrongUsage as error:
        return _fail_usage(error)
    except BrokenPipeError:
        raise
    except Exception as error:
        if _is_of_the_output(error):
            raise
        wrong_usage = isinstance(error, UnknownNameError | ContractError)
        return _fail(explain(error), code=2 if wrong_usage else 1)
    if result == INTERRUPTED:
        return _fail("interrupted", code=INTERRUPTED)
    return result if isinstance(result, int) else 0


def _fail(message: str, *, code: int) -> int:
    typer.echo(f"relume: {clean(message)}", err=True)
    return code


def explain(error: Exception) -> str:
    """Return what to tell about an error; RELUME_DEBUG=1 shows where an unexpected one arose."""
    if isinstance(error, RelumeError):
        return str(error)
    if isinstance(error, MemoryError):
        return "out of memory; try --jobs 1 or a smaller picture"
    if os.environ.get("RELUME_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    what = f"unexpected {type(error).__name__}: {error}"
    return f"{what}; please report it with what RELUME_DEBUG=1 shows"


def _fail_usage(error: Any) -> int:
    asked = error.ctx.command_path if error.ctx else "relume"
    return _fail(f"{error.format_message().rstrip('.')}; see {asked} --help", code=2)


def _leave_the_output() -> int:
    """Stop writing where nothing can be written, so that the interpreter's last flush is quiet."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def named(name: str, message: str) -> str:
    """Put a name before a message that does not hold it already."""
    return message if name in message else f"{name}: {message}"


def clean(text: str) -> str:
    """Put text on one line without control characters, which a file name may smuggle in."""
    return "".join(
        sign if sign.isprintable() else " " if sign.isspace() else "\ufffd" for sign in text
    )
