"""Faults, damaged and hostile files, and load: what the program holds against, measured by scripts."""
