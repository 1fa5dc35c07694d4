"""What moves: sources, transports, the store, the pipeline that joins them, and the command line."""
