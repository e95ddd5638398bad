"""The end of a page: it is taken home as one HTML file, as it stands on the screen, or as a notebook that makes its
numbers anew. Both are made in the browser, assets/components/takeaway, once all sections are drawn.
"""

from pages.ui.components import component, pack

_takeaway = component("takeaway")


def takeaway() -> None:
    """The two buttons."""
    _takeaway(key="taken", data=pack({}))
