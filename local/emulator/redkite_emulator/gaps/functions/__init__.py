"""Gaps of Lambda (`lambda` is a word of the language)."""
