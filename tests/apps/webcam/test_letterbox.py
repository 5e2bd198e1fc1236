import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.webcam.letterbox import first_size, letterbox

SIZES = st.tuples(st.integers(1, 5000), st.integers(1, 5000))


@pytest.mark.parametrize(
    ("picture", "window", "box"),
    [
        ((640, 480), (640, 480), (0, 0, 640, 480)),
        ((640, 480), (1920, 1080), (240, 0, 1440, 1080)),  # bars at the sides
        ((1280, 720), (1024, 768), (0, 96, 1024, 576)),  # bars above and below
        ((1280, 480), (1280, 720), (0, 120, 1280, 480)),  # two pictures side by side
        ((480, 640), (300, 200), (75, 0, 150, 200)),
        ((3, 3), (8, 5), (1, 0, 5, 5)),
        ((4000, 1), (100, 100), (0, 49, 100, 1)),
    ],
)
def test_known_boxes(picture, window, box):
    assert letterbox(picture, window) == box


@given(SIZES, SIZES)
def test_inside_centred_touching_and_never_distorted(picture, window):
    left, top, width, height = letterbox(picture, window)
    assert left >= 0
    assert top >= 0
    right, bottom = window[0] - left - width, window[1] - top - height
    assert right - left in (0, 1)
    assert bottom - top in (0, 1)
    assert left == right == 0 or top == bottom == 0  # as large as it fits
    scale = min(window[0] / picture[0], window[1] / picture[1])
    assert abs(width - picture[0] * scale) <= 1
    assert abs(height - picture[1] * scale) <= 1


@pytest.mark.parametrize(
    ("picture", "desktop", "size"),
    [
        ((640, 480), (1920, 1080), (792, 594)),
        ((1280, 720), (1920, 1080), (1280, 720)),
        ((1920, 1080), (1920, 1080), (1632, 918)),
        ((640, 480), (3840, 2160), (1584, 1188)),  # a fine screen
        ((1280, 480), (1024, 768), (870, 326)),
        ((64, 48), (100, 100), (73, 55)),
    ],
)
def test_first_size(picture, desktop, size):
    assert first_size(picture, desktop) == size


@given(SIZES, SIZES)
def test_a_new_window_fits_the_desktop(picture, desktop):
    width, height = first_size(picture, desktop)
    assert 1 <= width <= max(1, round(desktop[0] * 0.85))
    assert 1 <= height <= max(1, round(desktop[1] * 0.85))
