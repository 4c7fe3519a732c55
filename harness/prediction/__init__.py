"""What kept models are for: the emotions in recordings, and folders that predict elsewhere."""
