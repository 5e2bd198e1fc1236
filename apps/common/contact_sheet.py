"""Several pictures on one sheet, in labelled rows: for demonstrations and for previews during training."""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

PAPER, INK = (250, 250, 248), (40, 40, 46)


def contact_sheet(
    rows: Sequence[Sequence[Image.Image | None]],
    labels: Sequence[Sequence[str]] | None = None,
    *,
    cell: tuple[int, int] = (320, 240),
    margin: int = 12,
) -> Image.Image:
    """Lay pictures out in a grid, each scaled to fit its cell with its label below.

    Args:
        rows: the pictures row by row; None leaves a cell empty, and rows may differ in length.
        labels: one text for every picture, in the same rows; too long ones are shortened. None: no labels.
        cell: width and height in pixels of the space for one picture.
        margin: pixels between cells and around the sheet.

    Returns:
        An RGB image of (columns * (width + margin) + margin, rows * (height + label + margin) + margin) pixels.

    Raises:
        ValueError: no pictures, cells without area, a negative margin, or labels that do not match the pictures.
    """
    columns = max((len(row) for row in rows), default=0)
    if columns == 0:
        raise ValueError("a contact sheet needs at least one picture")
    if min(cell) < 1 or margin < 0:
        raise ValueError(f"cells need a size of at least 1x1 and a margin of at least 0, got {cell} and {margin}")
    if labels is not None and [len(row) for row in labels] != [len(row) for row in rows]:
        raise ValueError(f"labels must match the pictures: {[len(r) for r in labels]} for {[len(r) for r in rows]}")
    font = ImageFont.load_default(size=max(9, min(16, cell[0] // 14)))
    line = 0 if labels is None else round(font.getbbox("Ay")[3]) + 6
    pitch_x, pitch_y = cell[0] + margin, cell[1] + line + margin
    sheet = Image.new("RGB", (columns * pitch_x + margin, len(rows) * pitch_y + margin), PAPER)
    draw = ImageDraw.Draw(sheet)
    for down, row in enumerate(rows):
        for across, picture in enumerate(row):
            corner = (margin + across * pitch_x, margin + down * pitch_y)
            if picture is not None:
                _place(sheet, picture, corner, cell)
            if labels is not None:
                place = (corner[0] + cell[0] // 2, corner[1] + cell[1] + 3)
                draw.text(place, _shorten(labels[down][across], font, cell[0]), INK, font, anchor="ma")
    return sheet


def _place(sheet: Image.Image, picture: Image.Image, corner: tuple[int, int], cell: tuple[int, int]) -> None:
    """Paste the picture, scaled to the largest size that fits, into the middle of the cell; clear parts stay paper."""
    share = min(room / side for room, side in zip(cell, picture.size, strict=True))
    width, height = (max(1, round(side * share)) for side in picture.size)  # also of one that is a mere line
    fitted = picture.convert("RGBA").resize((width, height), Image.Resampling.LANCZOS)
    left, top = (start + (space - side) // 2 for start, space, side in zip(corner, cell, fitted.size, strict=True))
    sheet.paste(fitted, (left, top), fitted)


def _shorten(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """The text in one line, cut with three dots where it is wider than `width` pixels."""
    text = " ".join(text.split())
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "...") > width:
        text = text[:-1]
    return text + "..."
