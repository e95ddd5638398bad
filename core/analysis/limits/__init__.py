"""The limits of a model with a known world: what it invents, how sure it is, what it costs, and with fewer bits."""
