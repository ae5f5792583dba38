"""The recipe: its schema, its loading from TOML, and the recipes that are shipped."""
