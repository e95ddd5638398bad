"""Models of the stock classes of `transformers`, read from folders in Hugging Face's layout into our own Transformer."""
