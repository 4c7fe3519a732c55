"""What networks are fed: corpora fetched and opened, features computed once and kept."""
