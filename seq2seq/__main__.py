"""Run the command line as a module: `python -m seq2seq train ...`."""

from __future__ import annotations

from seq2seq.commands.app import main

if __name__ == "__main__":
    main()
