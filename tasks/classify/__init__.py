"""Classify: answer one or several questions about a picture, the next of which may depend on the answer."""
