"""What all tests share: Hypothesis tries the same cases every time, so that a red run can be repeated."""

from hypothesis import settings

settings.register_profile("glassbox", derandomize=True, deadline=None)
settings.load_profile("glassbox")
