"""What is known of labels that must not be trusted: vocabularies, defects, contradictions."""
