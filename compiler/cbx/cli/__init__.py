"""The command ``cbx``: arguments in, exit status out. It has one file per command, and is the only part that prints.

Exit status: 0 success, 1 errors found or tests failed, 2 could not run.
"""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path


def main() -> None:
    """Run the command line; an exception that reaches this function is a bug in cbx, and is reported as CBX901."""
    if sys.argv[1:] == ["--version"]:
        from cbx.version import __version__

        print(f"cbx {__version__}")
        return
    from cbx.processes.garbage_collection import LOADED

    gc.set_threshold(LOADED)
    from cbx.cli.commands import application

    try:
        application(sys.argv[1:])()
    except Exception as error:  # whatever arrives here is a bug of cbx, and is shown as one
        if os.environ.get("CBX_DEBUG"):
            raise
        _report_bug(error)
        sys.exit(2)
    finally:
        gc.freeze()  # the end of the process frees all memory, so no garbage collection is needed


def _report_bug(error: Exception) -> None:
    from cbx.version import __version__

    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    code = traceback.tb_frame.f_code if traceback is not None else None
    where = f"{Path(code.co_filename).name}:{traceback.tb_lineno}" if code and traceback else "?"
    message = f"{type(error).__name__}: {error}".splitlines()[0]
    print(
        f"error[CBX901] internal-error: {message} (in {where})\n"
        f"   = hint: this is a bug in cbx {__version__}, not in your project; please report it with the command\n"
        f"           `cbx {' '.join(sys.argv[1:])}`; CBX_DEBUG=1 shows the traceback",
        file=sys.stderr,
    )
