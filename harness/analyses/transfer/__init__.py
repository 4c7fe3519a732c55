"""What networks trained on one corpus make of the others."""
