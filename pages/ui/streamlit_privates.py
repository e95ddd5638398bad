"""What Glassbox changes inside Streamlit, which has no setting for it. Written for Streamlit 1.67.

tests/pages/test_streamlit_privates.py fails when an upgrade moves any of it away.
"""

from collections.abc import Callable
from functools import cache

from streamlit import net_util
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession

Request = Callable[[AppSession, ClientState | None], None]


@cache
def change() -> None:
    """Makes both changes, once for the process."""
    # For an unknown origin Streamlit asks a server on the internet for our address; nothing here may. Public issue:
    # streamlit/streamlit#7721, closed without a setting.
    net_util.get_external_ip = lambda: None
    AppSession.request_rerun = where_the_visitor_is(AppSession.request_rerun)  # type: ignore[assignment, method-assign]


def where_the_visitor_is(request: Request) -> Request:
    """`request`, unless it comes from a page that was left; a timer says nothing of controls.

    A view may report while its visitor goes to another page: Streamlit would return to the old one, and leave the
    screen blank. What a timer asks for comes without the values of controls: it has no news, and what it says of a
    control that the server has just set would set it back. No public issues found.
    """

    def request_rerun(session: AppSession, client_state: ClientState | None) -> None:
        if client_state and not client_state.fragment_id:
            vars(session)["page_asked_for"] = client_state.page_script_hash
        elif client_state and vars(session).get("page_asked_for") not in (None, "", client_state.page_script_hash):
            return
        if client_state and client_state.is_auto_rerun:
            client_state.ClearField("widget_states")
        request(session, client_state)

    return request_rerun
