"""What the figures are worth: intervals, ranks, alarms, references, leak checks, the leaderboard as data."""
