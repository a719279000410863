"""What every command shares: reading options, and one line for a user's mistake."""

import contextlib
import dataclasses
import errno
import io
import itertools
import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

import tyro

from datasets.errors import InputError, RunFailed, suggestion, unknown

Options = TypeVar("Options")
Choice = TypeVar("Choice")

# What is wrong with a place that a user has named, wherever it is met first.
_OF_THE_PLACE = (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EROFS, errno.ENOSPC)


# How tyro hands on what Python says of a value that is no whole number (invalid ...), or no number at all.
_NO_NUMBER = re.compile(
    r"Error parsing (?:-[\w-]+/)*(?P<flag>--[\w-]+): "
    r".*?(?P<kind>invalid|could not convert) [^:]*: (['\"])(?P<value>.*)\3"
)


def main(
    function: Callable[[Options], None],
    options: type[Options],
    words: Sequence[str] | None = None,
    *,
    name: str = "",
    defaults: Callable[[Options], Options] | None = None,
) -> None:
    """Read ``options`` from the command line, or from ``words``, and call ``function`` with them.

    name : of the command in its help, where it is not that of its file
    defaults : given what was read, the values of flags that were not given; what was given stands

    A user's mistake ends with one line on stderr and exit code 2, a run that diverged with one line and code 1, an
    interrupt with code 130.
    """
    for stream in (sys.stdout, sys.stderr):  # names of files may be in any bytes
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[_Lines(sys.stdout)], force=True)
    logging.getLogger("faiss").setLevel(logging.WARNING)  # where it is loaded late, it would tell how it went about it
    arguments = spell_out(sys.argv[1:] if words is None else list(words), options)
    try:
        with _interruptible(), _read_as_far_as_wanted():
            _refuse_unknown(arguments, options)
            _refuse_empty(arguments, options)
            read = _parse(arguments, options, name)
            function(read if defaults is None else _parse(arguments, options, name, defaults(read)))
    except InputError as error:
        _end(f"error: {error}", code=2)
    except RunFailed as error:
        _end(f"error: {error}", code=1)
    except OSError as error:
        if error.errno not in _OF_THE_PLACE or error.filename is None:
            raise
        _end(f"error: {error.filename}: cannot be used ({error.strerror}); name another place", code=2)
    except KeyboardInterrupt:
        _end("interrupted; started again, the same command goes on from what it had finished", code=130)


def choose(words: Sequence[str], known: Mapping[str, Choice], described: str) -> Choice:
    """What the first of ``words`` names among the commands ``known``.

    Without a word, or where it asks for help, ``described`` is printed and the process ends; a word that names nothing
    ends it with one line on stderr and exit code 2.
    """
    if not words or words[0] in ("-h", "--help", "help"):
        with _read_as_far_as_wanted():
            print(described)
        sys.exit()
    if words[0] not in known:
        _end(f"error: {unknown('command', words[0], known)}", code=2)
    return known[words[0]]


class _Lines(logging.StreamHandler):
    """Lines for whoever reads our output; where nobody does any more, what is at work goes on without a word."""

    def handleError(self, record: logging.LogRecord) -> None:
        if isinstance(sys.exc_info()[1], BrokenPipeError):
            _look_away()
        else:
            super().handleError(record)


def _look_away() -> None:
    """Let what is still to be said go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _read_as_far_as_wanted() -> Iterator[None]:
    """Whoever reads our output, ``head``, may have seen enough: that is no error, and nothing to go on for."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _look_away()


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C as KeyboardInterrupt, which lets go of files and processes; before and after, as the program has it."""
    before = signal.getsignal(signal.SIGINT)
    if not callable(before):  # it is ignored
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _parse(arguments: list[str], options: type[Options], name: str, default: Options | None = None) -> Options:
    """The options; tyro's boxed complaint about a value becomes one line."""
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            given = {} if default is None else {"default": default}
            return tyro.cli(options, args=arguments, prog=name or None, **given)
    except SystemExit as end:
        if not end.code:  # --help
            raise
        words = re.sub(r"[^\x20-\x7e]+", " ", complaint.getvalue())
        words = words.split("For full helptext")[0].split("Argument helptext")[0]
        words = re.sub(r"-{3,}|Parsing error|Value error|Unrecognized options(?! *:)", " ", words)
        raise InputError(_in_our_words(" ".join(words.split()))) from None


def _in_our_words(complaint: str) -> str:
    """What tyro says of a value that is no number, as we say it; other complaints as they are."""
    found = _NO_NUMBER.search(complaint)
    if not found:
        return f"{complaint}; --help lists all flags"
    return f"{found['flag']}={found['value']}: must be a {'whole ' * (found['kind'] == 'invalid')}number"


def _end(line: str, *, code: int) -> NoReturn:
    sys.stdout.flush()
    print(line, file=sys.stderr)
    sys.exit(code)


def spell_out(arguments: list[str], options: type) -> list[str]:
    """Flags as tyro wants them, and --data-path=~/pictures as it is meant: a shell expands ~ where a word begins.

    --use_pretrained stands alone in the reference commands, ours may name a file; --report=False is --no-report. Where
    neither yes nor no is the default, it is the other way round: --no-flip is --flip=False. And what other programs
    call a flag, where ``options`` tells in its ALIASES, becomes ours: --code_size is --bits.
    """
    aliases: Mapping[str, str] = getattr(options, "ALIASES", {})
    open_flags = {f"--{field.name}" for field in dataclasses.fields(options) if field.type == bool | None}
    spelled = []
    for i, argument in enumerate(arguments):
        alone = i + 1 == len(arguments) or arguments[i + 1].startswith("-")
        if argument.replace("_", "-") == "--use-pretrained" and alone:
            argument += "=auto"
        name, equals, value = argument.partition("=")
        if name.startswith("--") and (known := name[2:].replace("_", "-")) in aliases:
            name = f"--{aliases[known]}"
            argument = name + equals + value
        if name.startswith("--") and value.startswith("~/"):
            argument = f"{name}={os.path.expanduser(value)}"
        if name.startswith("--") and value.lower() in ("true", "false"):
            argument, alone = name if value.lower() == "true" else f"--no-{name[2:]}", True
        flag = argument.replace("-", "_").replace("__", "--", 1)
        if alone and flag.replace("--no_", "--", 1) in open_flags:
            argument = f"{flag.replace('--no_', '--', 1)}={not flag.startswith('--no_')}"
        spelled.append(argument)
    return spelled


def _refuse_unknown(arguments: list[str], options: type) -> None:
    known = {field.name.replace("_", "-") for field in dataclasses.fields(options)}
    known |= {f"no-{name}" for name in known} | {"help"}
    for argument in arguments:
        flag = argument.removeprefix("--").split("=")[0]
        if not argument.startswith("--") or flag.replace("_", "-") in known:
            continue
        hint = suggestion(flag.replace("_", "-"), known, before="--")
        raise InputError(f"unknown flag --{flag}: {hint}--help lists all")


def _refuse_empty(arguments: list[str], options: type) -> None:
    """An empty path would be the current folder."""
    places = {f"--{field.name.replace('_', '-')}" for field in dataclasses.fields(options)
              if field.type in (Path, Path | None)}  # fmt: skip
    for argument, after in itertools.zip_longest(arguments, arguments[1:]):
        flag, equals, value = argument.partition("=")
        if flag.replace("_", "-") in places and (value if equals else after) == "":
            raise InputError(f"{flag}: names no file or folder; is a variable of the shell not set?")
