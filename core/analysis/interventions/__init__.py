"""Changing a forward pass: interventions as values, at work in a model, patching and steering."""
