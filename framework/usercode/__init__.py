"""The user's own files: found, loaded, checked and begun from a template."""
