"""What attention heads do: scores of patterns, whom a pronoun means, roles and since when."""
