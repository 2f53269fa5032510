"""Tag: say what a picture shows, with labels from a vocabulary or of one's own."""
