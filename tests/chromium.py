"""The Chromium that drives the browser tests and benchmarks: the one without a window first, which is lighter."""

import shutil

MISSING = "no Chromium: `sudo apt-get install chromium-headless-shell` (or `chromium`)"
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def chromium_path() -> str | None:
    """Where it is installed, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)
