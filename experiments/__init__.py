"""Studies that ship with the harness: one file a question."""
