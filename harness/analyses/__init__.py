"""Questions beyond the leaderboard, one folder each."""
