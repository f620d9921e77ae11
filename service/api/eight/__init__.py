"""The room of the 8 generation, `/:project/...`: what it has of its own beside the shared handlers."""
