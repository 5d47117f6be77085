"""One module for each section of the report; each says itself what it lacks."""
