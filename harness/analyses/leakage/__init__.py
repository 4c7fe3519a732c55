"""What random splits and other leaks are worth."""
