"""micro: crowdsourced archival transcription for museums and archives."""

__version__ = "0.1.0"
