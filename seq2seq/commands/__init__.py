"""The command line: one file a subcommand. It parses, calls one function of a lower floor, and renders."""
