"""Pretrained speech encoders: which there are, where their weights lie, how these are read, and the networks they belong to."""
