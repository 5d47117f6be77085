"""Builds and runs an export's SQL statement, and reads its rows."""
