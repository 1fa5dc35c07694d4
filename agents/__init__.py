"""What thinks: analyzers and scorers, pure functions from events to events."""
