"""Augmentations: altered copies of training waveforms, and layers that change spectrograms or batches while a network is trained."""
