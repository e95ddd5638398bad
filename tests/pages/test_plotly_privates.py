"""plotly.js lies where it is looked for, and is what the installed package draws with."""

import gzip
from importlib.metadata import version

import plotly
from plotly.offline import get_plotlyjs

from pages.ui import plotly_privates


def test_it_is_the_script_of_the_installed_package():
    assert plotly_privates.PLOTLY_JS.read_text(encoding="utf-8") == get_plotlyjs()
    assert gzip.decompress(plotly_privates.plotly_gzipped()) == plotly_privates.PLOTLY_JS.read_bytes()


def test_the_file_names_the_installed_version():
    assert plotly.__version__ == version("plotly")
    assert f"plotly {'.'.join(version('plotly').split('.')[:2])}." in plotly_privates.__doc__
