"""Opening media files so that nothing but the file itself is ever read, whatever its name and content say."""

import io
import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import av

from apps.video.animation import as_video

if TYPE_CHECKING:
    from av.container import InputContainer

SELF_CONTAINED = (
    "3dostr,aa,aac,ac3,aiff,amr,apng,asf,asf_o,au,av1,avi,avs2,avs3,caf,cavsvideo,dirac,dnxhd,dts,dv,eac3,evc,flac,flv,"
    "gif,gxf,h261,h263,h264,hevc,ivf,kux,live_flv,lmlm4,lxf,m4v,matroska,mjpeg,mjpeg_2000,mlv,mov,mp3,mpeg,mpegts,"
    "mpegvideo,mpjpeg,mtv,mv,mxf,nsv,nut,nuv,obu,ogg,pmp,pva,rawvideo,rm,roq,sdr2,smk,swf,thp,tta,ty,vc1,vc1test,vivo,"
    "vvc,w64,wav,webm,webp,wtv,wv,xmv,yuv4mpegpipe"
)
"""Demuxers that read one file and no other. Playlists and lists of segments (hls, dash, concat, imf, sdp, image2) are
not among them: they name other files and addresses, which a stranger's file must not make us open."""
_LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
"""Tags are not always UTF-8, and PyAV took that for an error up to version 18."""
PLAYLISTS = (b"#EXTM3U", b"ffconcat version", b"v=0", b"<MPD", b"<?xml", b"[playlist]")


class _Source(io.BufferedReader):
    """A file in which damaged ones may point anywhere."""

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            return super().seek(offset, whence)
        except (OSError, ValueError):
            return -1


def open_media(path: str | Path) -> "InputContainer":
    """A container whose packets can be read; its format is what the content is, not what the name says.

    Pipes are copied to a temporary file first, as most formats need to go back and forth. Closing the container closes
    the file.

    Raises:
        ValueError: a folder, no such file, a format that opens other files, or no media file at all.
    """
    file = _open(path)
    try:
        return _container(file)
    except (av.FFmpegError, OSError, ValueError) as error:
        with file:
            return _animation(path, file, error)


def _container(file: BinaryIO) -> "InputContainer":
    options = {"format_whitelist": SELF_CONTAINED, "protocol_whitelist": ""}
    return av.open(file, "r", options=options, **_LENIENT)


def _animation(path: str | Path, file: BinaryIO, error: Exception) -> "InputContainer":
    """The container of an animated picture; else an error that says what the file is."""
    file.seek(0)
    if file.read(4096).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(PLAYLISTS):
        raise ValueError(f"{path} is a list that names other files, which are not opened; give a video") from error
    video = None
    try:
        video = as_video(file)
    except Exception:  # no picture either, or damaged: decoders fail with nearly any exception
        raise ValueError(f"{path} is not a video that can be read, or is damaged ({reason_of(error)})") from error
    if video is None:
        raise ValueError(f"{path} is a picture that does not move; paint it with artnet stylize") from error
    return _container(video)


def reason_of(error: Exception) -> str:
    """What FFmpeg says, in one line and without a file's name."""
    return getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__


def _open(path: str | Path) -> BinaryIO:
    if os.path.isdir(path):
        raise ValueError(f"{path} is a folder; give a video file")
    try:
        file = _Source(open(path, "rb", buffering=0))  # noqa: SIM115 - the container owns it
    except FileNotFoundError:
        raise ValueError(f"{path} does not exist; give a video file") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be opened ({error.strerror}); check its permissions") from error
    mode = os.fstat(file.fileno()).st_mode
    if stat.S_ISREG(mode):
        return file
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):  # it might never end
        file.close()
        raise ValueError(f"{path} is a device; give a video file or a pipe")
    with file:
        whole = tempfile.TemporaryFile()  # noqa: SIM115 - the container owns it
        while block := file.read(1 << 20):
            whole.write(block)
    whole.seek(0)
    return whole
