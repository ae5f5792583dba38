"""Models in the formats of other engines, checked against the original before they are kept."""
