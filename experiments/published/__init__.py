"""The published systems, one study a system: every model of theirs as a recipe, with what they claim of it."""
