"""Which passages of a text stand in a training text, however long that is.

shard      one part of it: a suffix array, mapped into memory
index      the parts that are there, searched as one; the passages of a text
growing    one part after another is made, and what was made is kept
"""
