"""The residual stream: what each part adds to it, what it would say, and the numbers behind one cell."""
