"""How recall falls with noise."""
