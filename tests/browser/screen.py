"""A browser as a person has it before them: pages to open, fields to fill, pictures to take."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from shutil import which

from PIL import Image
from playwright.sync_api import Page, sync_playwright

CHROMIUM = which("chromium") or which("google-chrome") or ""
WITHOUT = "There is no Chromium on this machine (Debian: apt-get install chromium)."
_WORDS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
_SIZE = {"width": 1400, "height": 900}
_TALLEST = 1500
_PATIENCE = 60_000  # milliseconds; on a busy machine a page takes its time
_COLORS = 96  # enough for a screen of words; a picture stays well below 150 KB


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """The Prefect UI at `url`; without `pictures` none is kept."""

    page: Page
    url: str
    pictures: Path | None = None

    def go(self, path: str, wait_for: str) -> None:
        """Open a page of the UI and wait until a text is there, a minute at most."""
        self.page.goto(f"{self.url}/{path}")
        self.see(wait_for)

    def follow(self, link: str, wait_for: str) -> None:
        """Open a link of a message, in the older of Prefect's UIs, and wait until a text is there."""
        self.page.goto(link)
        self.page.get_by_text(wait_for).first.wait_for(timeout=_PATIENCE)

    def see(self, text: str) -> None:
        """Wait until the page shows this text, or a picture of that name, a minute at most."""
        main = self.page.get_by_role("main")
        main.get_by_text(text).or_(main.get_by_alt_text(text)).first.wait_for(timeout=_PATIENCE)

    def shown(self) -> str:
        """What the page says, without the menu at its side."""
        return self.page.get_by_role("main").inner_text()

    def keep(self, name: str) -> None:
        """Take a picture of the whole page, when pictures are wanted."""
        if self.pictures is None:
            return
        tall = self.page.evaluate("document.documentElement.scrollHeight")
        self.page.set_viewport_size({**_SIZE, "height": max(_SIZE["height"], min(tall, _TALLEST))})
        self.page.evaluate("window.scrollTo(0, 0)")
        self.page.wait_for_timeout(1500)  # what moves has come to rest
        taken = Image.open(BytesIO(self.page.screenshot()))
        self.page.set_viewport_size(_SIZE)
        taken.convert("RGB").quantize(_COLORS).save(self.pictures / f"screen-{name}.png", optimize=True)


@contextmanager
def open_screen(url: str, pictures: Path | None = None) -> Iterator[Screen]:
    """A fresh browser without a window, in UTC and in light colors."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=_WORDS.split())
        try:
            page = browser.new_page(viewport=_SIZE, color_scheme="light", timezone_id="UTC", locale="en-US")
            page.set_default_timeout(_PATIENCE)
            yield Screen(page=page, url=url, pictures=pictures)
        finally:
            browser.close()
