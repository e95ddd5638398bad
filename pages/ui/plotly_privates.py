"""plotly.js as the installed plotly package carries it, which has no public name for where. Written for plotly 7.1.

tests/pages/test_plotly_privates.py fails when an upgrade moves it. No public issue asks for a name.
"""

import gzip
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

# Found without importing plotly, which brings pandas.
PLOTLY_JS = Path(str(distribution("plotly").locate_file("plotly/package_data/plotly.min.js")))


@cache
def plotly_gzipped() -> bytes:
    """The script compressed: 4.7 MB become 1.4 MB, once."""
    return gzip.compress(PLOTLY_JS.read_bytes(), 6)
