"""The pictures of the docs: `python -m tests.browser` takes the walk and writes docs/images/screen-*.png."""

import sys
from pathlib import Path

from tests.browser.house import open_house
from tests.browser.plain_english import plain_english
from tests.browser.screen import CHROMIUM, WITHOUT, open_screen
from tests.browser.walk import walk

PICTURES = Path(__file__).parents[2] / "docs" / "images"


def main() -> int:
    """Take the walk with a camera; 0 when every page was plain English."""
    if not CHROMIUM:
        sys.stderr.write(f"{WITHOUT}\n")
        return 1
    faults = 0
    with open_house() as house, open_screen(house.stack.ui_url, PICTURES) as screen:
        for seen in walk(house, screen):
            found = plain_english(seen.text)
            faults += len(found)
            sys.stdout.write("\n  ".join([seen.page, *found]) + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
