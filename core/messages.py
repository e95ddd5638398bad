"""Sentences for people, who need not know where on this machine anything lies."""

import re

FOLDERS = re.compile(r"(?<![\w:/.~-])/(?:[^\s/'\":,;()<>|]+/)+")  # of an absolute path; not of a URL, nor of "and/or"


def without_folders(message: str) -> str:
    """`message` with only the names of files where it has their absolute paths:

    >>> without_folders("cannot read '/home/ada/runs/run-1/train.json'")
    "cannot read 'train.json'"
    """
    return FOLDERS.sub("", message)
