"""The gameplan endpoints."""
