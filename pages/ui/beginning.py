"""All that the first view of a visit imports, so that it is imported once and by one thread.

A new server begins with it at once, while its first visitor's browser still loads Streamlit's own scripts; a run that
comes earlier waits here until it is there. No torch, no pandas, no numba: text and tokens need none.
"""

import pages.ui.interventions
import pages.ui.next_page
import pages.ui.overview.stages
import pages.ui.places
import pages.ui.sections
import pages.ui.sidebar
import pages.ui.takeaway  # noqa: F401
