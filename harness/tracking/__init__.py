"""What is kept: runs in MLflow, results on their way there, models."""
