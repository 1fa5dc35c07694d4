"""From a question to an answer, on any OpenAI-compatible endpoint."""
