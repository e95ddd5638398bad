"""Does a stage of the data pipeline matter? Two small models of one seed and budget, one trained without it.

corpora    what the two read, and what they are asked
measure    their settings and their scores
outcome    what the two know, and the difference over seeds
reading    documents as they read them
removed    the same for the documents in which a text stands: is a match a cause?
recorded   what the repository keeps of it:  python -m core.lab.matter
"""
