"""Run the command line from a checkout: `python cli.py train ...`."""

from __future__ import annotations

from seq2seq.commands.app import main

if __name__ == "__main__":
    main()
