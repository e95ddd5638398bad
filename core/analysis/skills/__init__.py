"""What a Tinyland model can do: cases, all skills, a few of them quickly, texts it samples, how far back it looks."""
