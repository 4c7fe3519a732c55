"""Features: each maps a waveform to an array of frames; `registry.feature_space` prepares the audio and joins them."""
