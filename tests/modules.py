"""The modules of assets/components in a page without a server: at an address that is answered here."""

from typing import TYPE_CHECKING

from pages.ui.scripts import MODULES

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

ADDRESS = "http://components.test/"


def with_modules(page: "Page", html: str = "") -> None:
    """Opens `html` where `import(ADDRESS + "shared/mount.js")` works."""

    def answer(route: "Route") -> None:
        name = route.request.url.removeprefix(ADDRESS)
        if name in MODULES:
            route.fulfill(body=MODULES[name], content_type="text/javascript")
        else:
            route.fulfill(body=f"<!doctype html>{html}", content_type="text/html; charset=utf-8")

    page.route(f"{ADDRESS}**", answer)
    page.goto(ADDRESS)
