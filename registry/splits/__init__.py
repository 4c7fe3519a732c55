"""Split protocols: each maps a corpus to disjoint train, validation and test indices."""
