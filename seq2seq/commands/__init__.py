"""The command line: one file a subcommand, which parses, calls one function below, and renders."""
