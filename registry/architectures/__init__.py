"""Architectures: each maps an input shape and a number of classes to an uncompiled Keras model."""
