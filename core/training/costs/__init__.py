"""What training takes: arithmetic, memory, time and energy."""
