"""Vectors of tokens: neighbours, analogies, maps, positions, and one word in its contexts."""
