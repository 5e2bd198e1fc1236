"""Tiny valid files of everything that the program reads, made here: what the fuzzing mutates."""

import io
import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pillow_heif
import torch
from PIL import Image, ImageCms
from safetensors.torch import save_file
from torch import nn

import pruning
from apps.movement.cleaning import Cleaning
from apps.movement.models import Ensemble, save_ensemble
from apps.movement.network import MovementNet, NetworkConfig
from apps.movement.skeletons import COMMON, SMIL_25
from apps.stylize.manifest import Fingerprint, Manifest
from artnet.model.checkpoint import save_checkpoint
from artnet.model.config import ArtNetConfig
from artnet.model.network import ArtNet
from artnet.training.checkpoint import Counters, save_state
from artnet.training.options import TrainOptions

FRAMES = 6
VGG16 = {0: (3, 64), 2: (64, 64), 5: (64, 128), 7: (128, 128), 10: (128, 256), 12: (256, 256), 14: (256, 256)}
VIDEOS = (
    ("h264.mp4", "libx264", "yuv420p"), ("vp9.webm", "libvpx-vp9", "yuv420p"), ("mpeg4.avi", "mpeg4", "yuv420p"),
    ("mpeg2.ts", "mpeg2video", "yuv420p"), ("mpeg1.mpg", "mpeg1video", "yuv420p"),
    ("prores.mov", "prores", "yuv422p10le"),
    ("ffv1.mkv", "ffv1", "yuva420p"), ("flv.flv", "flv1", "yuv420p"), ("wmv.wmv", "wmv2", "yuv420p"),
    ("mjpeg.mov", "mjpeg", "yuvj420p"), ("hevc.mp4", "libx265", "yuv420p10le"),
)  # fmt: skip


def tiny_network(passes: int = 1) -> ArtNet:
    """GoogLeNet's shape with two channels in every layer."""
    torch.manual_seed(0)
    full = ArtNet(ArtNetConfig(passes=passes))
    widths = {name: 2 for name, layer in full.named_modules() if isinstance(layer, nn.Conv2d)}
    del widths["decoder.output"]
    return ArtNet(ArtNetConfig(passes=passes, widths=widths)).eval()


def tiny_classifier() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 3)).eval()


def pixels(height: int = 24, width: int = 32) -> np.ndarray:
    """(H, W, 3) uint8, smooth, so that compressed files are small."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 7, y * 9, (x + y) * 4], 2).astype(np.uint8)


def pictures() -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every format, in several modes, depths and compressions."""
    pillow_heif.register_heif_opener()
    photo = Image.fromarray(pixels())
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a photo"
    deep = Image.fromarray(pixels()[..., 0].astype(np.uint16) * 200)
    floating = Image.fromarray(pixels()[..., 0].astype(np.float32) / 255)
    clear = photo.convert("RGBA")
    clear.putalpha(photo.convert("L"))
    variants: tuple[tuple[str, Image.Image, dict[str, object]], ...] = (
        ("rgb.png", photo, {"icc_profile": profile, "exif": exif}), ("alpha.png", clear, {}), ("deep.png", deep, {}),
        ("palette.png", photo.quantize(16), {"transparency": 3}), ("bits.png", photo.convert("1"), {}),
        ("moving.png", photo, {"save_all": True, "append_images": [photo.rotate(90)]}),
        ("plain.jpg", photo, {"exif": exif, "icc_profile": profile}), ("steps.jpg", photo, {"progressive": True}),
        ("ink.jpg", photo.convert("CMYK"), {}), ("grey.jpg", photo.convert("L"), {}),
        ("lossy.webp", photo, {}), ("lossless.webp", clear, {"lossless": True, "exif": exif}),
        ("moving.webp", photo, {"save_all": True, "append_images": [photo.rotate(90)]}),
        ("plain.tif", photo, {"exif": exif}), ("lzw.tif", photo, {"compression": "tiff_lzw"}),
        ("deflate.tif", clear, {"compression": "tiff_adobe_deflate"}),
        ("bits.tif", photo.convert("1"), {"compression": "group4"}),
        ("float.tif", floating, {}), ("jpeg.tif", photo, {"compression": "jpeg"}),
        ("pages.tif", photo, {"save_all": True, "append_images": [photo]}),
        ("plain.bmp", photo, {}), ("palette.bmp", photo.quantize(16), {}),
        ("plain.gif", photo.quantize(16), {}),
        ("moving.gif", photo, {"save_all": True, "append_images": [photo.rotate(90)]}),
        ("plain.ppm", photo, {}), ("grey.pgm", photo.convert("L"), {}), ("bits.pbm", photo.convert("1"), {}),
        ("plain.avif", photo, {}), ("plain.heic", photo, {}),
    )  # fmt: skip
    for name, image, options in variants:
        file = io.BytesIO()
        image.save(file, "HEIF" if name.endswith("heic") else _format(name), **options)
        yield name, file.getvalue()
    yield "text.ppm", b"P3\n# words\n3 2\n255\n" + b"9 99 255 " * 6
    yield "deep.tif", _deep_tiff()


def _format(name: str) -> str:
    kinds = {"jpg": "JPEG", "tif": "TIFF", "pgm": "PPM", "pbm": "PPM"}
    suffix = name.rpartition(".")[2]
    return kinds.get(suffix, suffix.upper())


def _deep_tiff() -> bytes:
    """Floating point of three channels, which only libvips reads."""
    import pyvips

    values = (pixels() / 255).astype(np.float32)
    image = pyvips.Image.new_from_memory(values.data, values.shape[1], values.shape[0], 3, "float")
    return bytes(image.copy(interpretation="srgb").tiffsave_buffer())


def tensors(folder: Path) -> dict[str, list[Path]]:
    """Kind -> safetensors files of networks, in the folder."""
    save_checkpoint(tiny_network(), folder / "net.safetensors")
    save_checkpoint(tiny_network(2), folder / "whole.safetensors", half=False)
    network = tiny_network()
    optimizer = torch.optim.AdamW(network.parameters())
    sum(parameter.sum() for parameter in network.parameters()).backward()
    optimizer.step()
    save_state(folder / "state.safetensors", network, optimizer, Counters(3, 1.5), TrainOptions(steps=9))
    models = tuple(MovementNet(NetworkConfig(width=4)) for _ in range(2))
    save_ensemble(Ensemble(models, 4, Cleaning()), folder / "movement.safetensors")
    classifier = tiny_classifier()
    plan = pruning.plan(classifier, torch.zeros(1, 3, 8, 8), criterion="l1", target={"channels": 0.5})
    pruning.save(pruning.apply(classifier, plan), folder / "pruned.safetensors")
    plan.save(folder / "plan.json")
    return {
        "checkpoint": [folder / "net.safetensors", folder / "whole.safetensors"],
        "training state": [folder / "state.safetensors"],
        "movement model": [folder / "movement.safetensors"],
        "pruned network": [folder / "pruned.safetensors"],
        "pruning plan": [folder / "plan.json"],
    }


def trunk(folder: Path) -> list[Path]:
    """A loss network with a few weights only: reading refuses it late."""
    shapes = {f"features.{n}.weight": torch.zeros(o, i, 3, 3).half() for n, (i, o) in VGG16.items()}
    biases = {f"features.{n}.bias": torch.zeros(o).half() for n, (_, o) in VGG16.items()}
    last = {"features.17.weight": torch.zeros(512, 256, 3, 3).half(), "features.17.bias": torch.zeros(512).half()}
    save_file({**shapes, **biases, **last}, folder / "trunk.safetensors", metadata={"input": "RGB"})
    return [folder / "trunk.safetensors"]


def tracks(folder: Path) -> dict[str, list[Path]]:
    """Kind -> files of joint tracks to mutate, each in a folder with what belongs to it."""
    draw = np.random.default_rng(0)
    common, coco, body = (draw.random((FRAMES, n, 3)) * 99 + 1 for n in (14, 17, 18))
    folders = {name: folder / name for name in ("files", "openpose", "rgbd", "labelled")}
    for one in folders.values():
        one.mkdir()
    heads = [f"{joint.replace(' ', '_')}_{axis}" for joint in COMMON.joints for axis in "xy"]
    lines = [",".join(heads), *(",".join(f"{v:.1f}" for v in frame[:, :2].ravel()) for frame in common)]
    split, whole = folders["files"] / "split.csv", folders["files"] / "whole.csv"
    split.write_text("\n".join(lines) + "\n")
    cells = [",".join(f'"{x:.1f},{y:.1f}"' for x, y, _ in frame) for frame in common]
    whole.write_text("\n".join([",".join(COMMON.joints), *cells]) + "\n")
    people = [{"image_id": n, "keypoints": frame.round(1).ravel().tolist()} for n, frame in enumerate(coco)]
    results = {"images": [{"id": n} for n in range(FRAMES)], "annotations": people}
    (folders["files"] / "coco.json").write_text(json.dumps(results))
    np.save(folders["files"] / "coco.npy", coco)
    rows = [f"{n} {2 * n} 9 {n}" for n in range(len(SMIL_25.joints))]
    for n in range(2):
        frame = {"people": [{"pose_keypoints_2d": body[n].round(1).ravel().tolist()}]}
        (folders["openpose"] / f"{n}.json").write_text(json.dumps(frame))
        (folders["rgbd"] / f"syn_joints_2Ddep_{n}.txt").write_text("\n".join(rows) + "\n")
    for name in "abcd":
        (folders["labelled"] / f"{name}.csv").write_text(split.read_text())
    (folders["labelled"] / "labels.csv").write_text("sequence,label,subject\na,0,x\nb,0,y\nc,1,z\nd,1,w\n")
    return {
        "joints, CSV": [split, whole],
        "joints, COCO": [folders["files"] / "coco.json"],
        "joints, NPY": [folders["files"] / "coco.npy"],
        "joints, OpenPose": [folders["openpose"] / "1.json"],
        "joints, MINI-RGBD": [folders["rgbd"] / "syn_joints_2Ddep_1.txt"],
        "labels": [folders["labelled"] / "labels.csv"],
    }


def manifest(folder: Path) -> list[Path]:
    notes = Manifest(folder)
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(b"painted")
        notes.note(folder / name, Fingerprint.of(b"painted"), "made of")
    return [notes.path]


def log(folder: Path) -> list[Path]:
    """The log of a training that is gone on with."""
    (folder / "log.csv").write_text("step,seconds,total\n1,2,0.5\n2,4,0.4\n3,6,0.3\n")
    return [folder / "log.csv"]


def videos(folder: Path) -> list[Path]:
    """Six frames in every container, with sound where that is easy, and as animations."""
    made = []
    for name, codec, layout in VIDEOS:
        path = folder / name
        with av.open(str(path), "w") as out:
            stream = out.add_stream(
                codec, rate=25, options={"x265-params": "log-level=none"} if codec == "libx265" else {}
            )
            stream.width, stream.height, stream.pix_fmt = 32, 32, layout
            sound = out.add_stream("aac", rate=8000, layout="mono") if name.endswith(("mp4", "ts")) else None
            for n in range(FRAMES):
                frame = av.VideoFrame.from_ndarray(np.roll(pixels(32, 32), n, 1), format="rgb24")
                frame.pts, frame.time_base = n, Fraction(1, 25)
                out.mux(stream.encode(frame))
            out.mux(stream.encode())
            if sound:
                tone = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
                tone.rate, tone.pts = 8000, 0
                out.mux([*sound.encode(tone), *sound.encode()])
        made.append(path)
    frames = [Image.fromarray(np.roll(pixels(), n, 1)) for n in range(FRAMES)]
    for name in ("moving.gif", "moving.png", "moving.webp", "moving.avif"):
        frames[0].save(folder / name, save_all=True, append_images=frames[1:])
        made.append(folder / name)
    return made
