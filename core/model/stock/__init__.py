"""Models of the stock classes of `transformers`, read from Hugging Face's layout into our Transformer."""
