"""A server takes so many visitors and tells the next one that it is full; who leaves gives a place back."""

import threading
from collections.abc import Callable

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.ui import places
from pages.ui.places import House


@pytest.fixture
def small_house(monkeypatch: pytest.MonkeyPatch) -> House:
    house = House(1)
    monkeypatch.setattr(places, "house", lambda: house)
    return house


@pytest.mark.slow
def test_whoever_finds_it_full_is_told_and_gets_in_when_somebody_has_left(
    app: Callable[..., AppTest], small_house: House
) -> None:
    small_house.enter()
    at = app()
    assert "full: 1 people" in at.warning[0].value and not at.text_area and not at.exception
    small_house.leave()
    at.button[0].click().run()
    assert not at.warning and at.text_area and small_house.taken == 1
    at.run()
    assert small_house.taken == 1  # one visitor takes one place
    st.cache_resource.clear()  # as at the end of a session
    assert small_house.taken == 0


def test_no_more_enter_at_once_than_there_are_places() -> None:
    house, entered = House(7), []
    threads = [threading.Thread(target=lambda: entered.append(house.enter())) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(entered) == house.taken == 7
