"""The contract: events, their wire form, the words all packages share. Standard library and pydantic only."""
