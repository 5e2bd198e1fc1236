"""Arrays in files: they behave as arrays, leave nothing behind, and know when there is no room."""

import errno
import os
from collections import namedtuple

import numpy as np
import pytest

import artnet.image.memmap
from artnet.image.memmap import empty_beside, scratch_array


def test_a_scratch_array_leaves_no_file(tmp_path):
    array = scratch_array((5, 4, 3), tmp_path)
    assert array.shape == (5, 4, 3)
    assert array.dtype == np.uint8
    array[:] = 7
    array[2:4] += 1
    assert array.sum() == 7 * 60 + 24
    del array
    assert list(tmp_path.iterdir()) == []


def test_beside_a_scratch_array_lies_another_and_beside_memory_memory(tmp_path, monkeypatch):
    array = scratch_array((6, 2, 3), tmp_path)
    folders = []
    real = artnet.image.memmap.scratch_array
    monkeypatch.setattr(
        artnet.image.memmap, "scratch_array", lambda shape, folder: folders.append(folder) or real(shape, folder)
    )
    assert isinstance(empty_beside(array), np.memmap)
    assert folders == [str(tmp_path)]
    assert not isinstance(empty_beside(np.zeros((6, 2, 3), np.uint8)), np.memmap)


def test_no_room_is_said_before_anything_is_written(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(artnet.image.memmap.shutil, "disk_usage", lambda folder: usage(0, 0, 10**9))
    with pytest.raises(OSError, match=r"has 1.0 GB of room, but 3.0 GB of pixels must go there"):
        scratch_array((10**9, 3), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_room_is_taken_before_pixels_are_written(tmp_path, monkeypatch):
    taken, real = [], os.posix_fallocate
    monkeypatch.setattr(os, "posix_fallocate", lambda *wanted: taken.append(wanted[1:]) or real(*wanted))
    scratch_array((10, 3), tmp_path)
    assert taken == [(0, 30)]


def test_room_that_others_took_meanwhile(tmp_path, monkeypatch):
    def full(descriptor, start, size):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match=r"GB of room, but 0.0 GB of pixels must go there"):
        scratch_array((10, 3), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lacking", [errno.EOPNOTSUPP, errno.EINVAL])
def test_file_systems_that_promise_no_room(tmp_path, monkeypatch, lacking):
    def unknown(descriptor, start, size):
        raise OSError(lacking, os.strerror(lacking))

    monkeypatch.setattr(os, "posix_fallocate", unknown)
    assert scratch_array((10, 3), tmp_path).shape == (10, 3)
    monkeypatch.delattr(os, "posix_fallocate")
    assert scratch_array((10, 3), tmp_path).shape == (10, 3)
