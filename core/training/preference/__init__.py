"""Preference tuning: where the feedback comes from, how answers are drawn and become batches."""
