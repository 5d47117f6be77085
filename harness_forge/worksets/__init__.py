"""What keeps the machine ready: worksets, the isolated environments of outside tools."""
