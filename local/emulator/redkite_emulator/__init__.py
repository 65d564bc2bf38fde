"""MiniStack, the local AWS, with what it lacks filled in-process: one file a gap under `gaps/`."""
