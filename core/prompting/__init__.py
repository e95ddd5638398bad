"""What a prompt does, measured where the truth is known: examples, wording, words that matter, window, injections."""
