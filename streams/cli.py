"""The entry point. Its commands, options and exit codes are documented in `--help` and fixed for programs."""

from __future__ import annotations

import logging
import sys
import traceback

from schemas.errors import CommitwireError, Misuse, Stop
from streams import interruption
from streams.obstacle import OBSTACLES, obstacle


def main() -> None:
    """Run a command: whatever happens, one sentence on standard error and a documented exit code."""
    interruption.listen()
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    try:
        from streams.commands.app import app  # slow to import: only now is the program ready to be interrupted

        app()
    except CommitwireError as error:
        sys.stderr.write(f"commitwire: {error}\n")
        sys.exit(error.exit_code if isinstance(error, Stop) else 1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        if {"-v", "--verbose"} & set(sys.argv):
            traceback.print_exc()
        if isinstance(error, OBSTACLES) and error.filename is not None:
            sys.stderr.write(f"commitwire: {obstacle(error)}\n")
            sys.exit(Misuse.exit_code)
        sys.stderr.write(f"commitwire: unexpected {type(error).__name__}: {error} (`commitwire -v …` shows where)\n")
        sys.exit(1)
