"""Leaderboards as Markdown and pictures."""
