"""Corpora: each lists its clips, sorted and labelled, and reads their audio."""
