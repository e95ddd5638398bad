"""What a run keeps in its folder: settings, rows, state, weights, and what steers it."""
