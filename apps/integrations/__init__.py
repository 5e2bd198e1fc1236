"""ArtNet inside other programs: files to be copied into theirs (docs/integrations.md)."""
