"""`idbridge restore`: puts a copy that `idbridge backup` made in the place of SQLite's file."""

from argparse import Namespace

from service.commands import Failure, tell, why
from service.commands.backup import file_in_use
from service.commands.bar import Bar
from service.commands.setting import usable
from service.database.sqlite import copies


def run(options: Namespace) -> None:
    """Run the command."""
    path, bar = file_in_use(), Bar(0)
    if not options.file.is_file():
        raise Failure(f"There is no copy at {options.file}.")
    if path.exists() and not options.replace:
        raise Failure(f"{path} is there already: --replace puts the copy in its place.")
    try:
        with usable():
            copies.restore(options.file, path, bar.reach)
    except OSError as problem:
        raise Failure(f"{path} cannot be written: {why(problem)}.") from problem
    bar.end()
    tell(f"{path} is what {options.file} is; `idbridge serve` brings it to the newest schema.")
