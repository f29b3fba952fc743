"""The CSV files of a file drop (docs/file-drop.md)."""
