"""Dose and response: a small model for each amount of something in the corpus, all else being equal.

experiments   what the models read at each dose, and what they are asked
measure       their settings, and their scores
outcome       a response with its interval over seeds; amplification
recorded      what the repository keeps of it:  python -m core.lab.doses
"""
