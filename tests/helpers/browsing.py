"""What the tests in a real browser share: Debian's chromium, driven by Playwright; skipped where one is missing."""

import shutil

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need Playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="the browser tests need Chromium"),
]
