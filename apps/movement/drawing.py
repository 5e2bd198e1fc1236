"""Pictures of an explanation. Colours span the range of the attention found, and that raw range stands beside them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from apps.movement import NOTICE
from apps.movement.explanation import Explanation
from apps.movement.skeletons import BONES, COMMON
from artnet.image.files import atomic_write

COLOURS = "plasma"
VIDEO_FRAMES, VIDEO_STEP, VIDEO_MS = 100, 3, 100
"""at most so many pictures, one of so many frames, shown so long: real time at 30 frames a second"""
TRAIL = 15
"""frames"""
GREY = "#b8bcc4"


def _figure(width: float, height: float) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=100, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _image(figure: Any) -> Image.Image:
    figure.canvas.draw()
    return Image.fromarray(np.asarray(figure.canvas.buffer_rgba())[..., :3].copy())


def _save(figure: Any, path: Path) -> None:
    with atomic_write(path) as file:
        _image(figure).save(file, "PNG")


def draw_skeleton(explanation: Explanation, tracks: np.ndarray, title: str, path: Path) -> None:
    """PNG: the skeleton coloured by attention; attention of every joint with its spread over seeds; log-odds drops.

    Args:
        explanation: of the recording.
        tracks: (T, J, D) from `prepare`.
        title: of the picture.
        path: of the PNG.
    """
    figure = _figure(13, 6.4)
    figure.suptitle(title, fontsize=13)
    body, bars, falls = figure.subplots(1, 3, width_ratios=[1.25, 1, 0.8])
    gates = explanation.gates.mean(1)  # (S, J)
    means = gates.mean(0)
    frame = int(np.argmin(np.abs(tracks - np.median(tracks, 0)).sum((1, 2))))
    points = _draw_body(body, tracks[frame], means, (float(means.min()), float(means.max())))
    _labels(body, tracks[frame])
    _frame_body(body, tracks[frame : frame + 1], margin=0.3)
    bar = figure.colorbar(points, ax=body, location="bottom", shrink=0.8, pad=0.02)
    bar.set_label(f"attention; colours span only {means.min():.3f} to {means.max():.3f} of 0 to 1")
    order = np.argsort(means)
    names = [COMMON.joints[j] for j in order]
    colours = points.cmap(points.norm(means[order]))
    bars.barh(names, means[order], xerr=gates.std(0)[order], color=colours, error_kw={"ecolor": "#444", "lw": 1})
    bars.set(xlim=(0, 1), xlabel="attention, mean and sd over seeds", title="raw range")
    drops = explanation.drops
    falls.barh(names, drops.mean(0)[order], xerr=drops.std(0)[order], color=GREY, error_kw={"ecolor": "#444", "lw": 1})
    falls.axvline(0, color="#444", lw=0.8)
    falls.set(xlabel="fall of the log-odds", title="without the joint", yticks=[])
    for axes in (bars, falls):
        axes.spines[["top", "right"]].set_visible(False)
    figure.supxlabel(NOTICE, fontsize=8, color="#a00")
    _save(figure, path)


def draw_curves(explanation: Explanation, title: str, path: Path) -> None:
    """PNG: probability of the class by the number of joints taken away, in three orders."""
    figure = _figure(7.5, 4.8)
    axes = figure.subplots()
    styles: tuple[dict[str, Any], ...] = (
        {"color": "#c2255c", "lw": 2.2},
        {"color": "#868e96", "ls": "--"},
        {"color": "#1971c2"},
    )
    for (name, curve), style in zip(explanation.curves.items(), styles, strict=True):
        axes.plot(curve, label=name, marker="o", ms=3, **style)
    kind = "atypical" if explanation.label else "typical"
    axes.set(xlabel="joints taken away", ylabel=f"probability of {kind}", ylim=(0, 1.02), xlim=(0, len(COMMON.joints)))
    rho = explanation.faithfulness["rank_correlation"]
    axes.set_title(f"{title}\nrank correlation of attention and log-odds drop: {rho:.2f}", fontsize=11)
    axes.legend(frameon=False)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    figure.supxlabel(NOTICE, fontsize=7, color="#a00")
    _save(figure, path)


def draw_video(
    explanation: Explanation,
    tracks: np.ndarray,
    starts: Sequence[int],
    clip: int,
    path: Path,
    progress: Callable[[], object] | None = None,
) -> None:
    """Animated GIF of the recording's beginning, joints coloured by the attention of the clips around each frame.

    Args:
        explanation: of the recording.
        tracks: (T, J, D) from `prepare`.
        starts: first frame of each clip.
        clip: frames of a clip.
        path: of the GIF.
        progress: called after each picture.
    """
    by_clip = explanation.gates.mean(0)  # (B, J)
    limits = float(by_clip.min()), float(by_clip.max())
    shown = range(0, len(tracks), VIDEO_STEP)[:VIDEO_FRAMES]
    figure = _figure(5.2, 5.4)
    axes = figure.subplots()
    _frame_body(axes, tracks[: shown[-1] + 1], margin=0.15)
    artists = _draw_body(axes, tracks[0], by_clip[0], limits)
    label = f"attention, raw range {limits[0]:.3f} to {limits[1]:.3f}"
    figure.colorbar(artists, ax=axes, shrink=0.75, label=label)
    axes.set_title("frame 0", fontsize=10)
    figure.supxlabel(NOTICE.partition(":")[0], fontsize=8, color="#a00")
    figure.canvas.draw()
    figure.set_layout_engine("none")  # laid out once; again for every picture would be most of the time
    pictures = []
    for frame in shown:
        for drawn in (*axes.lines, *axes.collections):
            drawn.remove()
        around = [i for i, start in enumerate(starts) if start <= frame < start + clip]
        _draw_body(axes, tracks[frame], by_clip[around].mean(0), limits)
        _draw_trails(axes, tracks[max(0, frame - TRAIL) : frame + 1])
        axes.set_title(f"frame {frame}", fontsize=10)
        pictures.append(_image(figure).quantize(128, dither=Image.Dither.NONE))
        if progress is not None:
            progress()
    with atomic_write(path) as file:
        pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=VIDEO_MS, loop=0)


def _draw_body(axes: Any, pose: np.ndarray, values: np.ndarray, limits: tuple[float, float]) -> Any:
    """Bones and joints of one frame (J, D), joints coloured by values (J,); the artist of the joints."""
    for a, b in BONES:
        axes.plot(*pose[[a, b], :2].T, color=GREY, lw=5, solid_capstyle="round", zorder=2)
    size = 90 + 260 * (values - limits[0]) / max(limits[1] - limits[0], 1e-9)
    return axes.scatter(
        *pose[:, :2].T, c=values, s=size, cmap=COLOURS, vmin=limits[0], vmax=limits[1], edgecolor="#333", lw=1, zorder=3
    )


def _draw_trails(axes: Any, poses: np.ndarray) -> None:
    for joint in range(poses.shape[1]):
        axes.plot(*poses[:, joint, :2].T, color="#888", lw=0.8, alpha=0.6, zorder=1)


def _labels(axes: Any, pose: np.ndarray) -> None:
    for joint, (x, y) in zip(COMMON.joints, pose[:, :2], strict=True):
        # The body's right side is on the left of the picture; outwards, labels stay clear of each other.
        place = {"xytext": (-9, 8), "ha": "right"} if joint.startswith("right") else {"xytext": (9, 8)}
        axes.annotate(joint, (x, y), textcoords="offset points", fontsize=7, color="#333", zorder=4, **place)


def _frame_body(axes: Any, poses: np.ndarray, margin: float) -> None:
    flat = poses[..., :2].reshape(-1, 2)
    low, high = np.quantile(flat, [0.002, 0.998], axis=0)
    axes.set(xlim=(low[0] - margin, high[0] + margin), ylim=(low[1] - margin, high[1] + margin), aspect="equal")
    axes.axis("off")
