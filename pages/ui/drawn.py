"""Whether a first browser has text and tokens on its screen: until then torch takes no processor away from it.

The strip of tokens tells it (`tellDrawn` in assets/components/shared/server.js); whoever is about to bring torch waits
for that, but not for ever: the visitor may have a view without tokens, or there may be none.
"""

import threading

_drawn = threading.Event()


def tell() -> None:
    """A browser has drawn."""
    _drawn.set()


def wait(at_most: float) -> bool:
    """Returns when a browser has drawn, after `at_most` seconds in any case; whether one has."""
    return _drawn.wait(at_most)
