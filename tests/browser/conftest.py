"""A page of a fresh headless Chromium."""

from collections.abc import Iterator

import pytest

from tests.browser.devtools import CHROMIUM, Page, chromium


@pytest.fixture
def page() -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine; apt-get install chromium")
    with chromium() as tab:
        tab.size(1280)
        yield tab
