"""What can be combined: corpora, feature spaces, architectures and split protocols."""
