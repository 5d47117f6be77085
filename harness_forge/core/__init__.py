"""What every room uses: records, errors, files, JSON text, messages of chats, MinHash sketches."""
