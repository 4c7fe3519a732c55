"""Many trials: schedule, workers, finals, recovery after a crash."""
