"""Text: write out a page line by line."""
