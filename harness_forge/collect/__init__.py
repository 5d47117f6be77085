"""How records come in: sources read files, ingest stores, capture takes what the proxy saw."""
