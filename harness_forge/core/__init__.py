"""What every room uses: records, errors, files, child programs, JSON text, messages, sketches."""
