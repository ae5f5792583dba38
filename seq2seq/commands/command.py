"""A command of the command line, which takes no option twice."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperOption

from seq2seq.errors import UsageError


class Command(TyperCommand):
    """A command that refuses an option given twice, where the last would silently be the one."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse as any command; raises UsageError for an option given twice."""
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        seen = set()
        for parameter in given:
            counts_once = isinstance(parameter, TyperOption) and not (
                parameter.multiple or parameter.is_flag
            )
            if counts_once and parameter.name in seen:
                raise UsageError(f"{parameter.opts[0]} is given twice", "give it once")
            seen.add(parameter.name)
        return super().parse_args(ctx, args)
