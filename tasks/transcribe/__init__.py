"""Transcribe: copy what is written into a form of typed fields."""
