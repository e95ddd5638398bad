"""Experiments on training: failures with a sound twin, a ladder of sizes, one update in slow motion, memorisation."""
