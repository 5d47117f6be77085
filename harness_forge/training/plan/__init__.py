"""What a training would need, worked out before it starts: memory, time, energy, disk."""
