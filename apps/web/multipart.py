"""Uploads as they stream in: few files, and no long fields, which Gradio would gather in memory."""

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

MAX_FILES, MAX_FIELDS, MAX_FIELD_BYTES = 20, 10, 10_000


class UploadError(ValueError):
    """The upload is not one that a page or a client of its API sends."""


class UploadCheck:
    """Watches the body of an upload, given in parts.

    Raises:
        UploadError: the body is no multipart form, or one that is out of bounds.
    """

    def __init__(self, content_type: str):
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise UploadError("send files as multipart/form-data")
        self._parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._header(data[start:end]),
                "on_header_value": lambda data, start, end: self._header(data[start:end]),
                "on_part_data": lambda _, start, end: self._data(end - start),
            },
        )
        self._headers, self._field, self._files, self._fields, self._started = b"", 0, 0, 0, False

    def feed(self, data: bytes) -> None:
        """The next part of the body."""
        try:
            self._parser.write(data)
        except MultipartParseError as error:
            raise UploadError("this upload is damaged: send it again") from error

    def _begin(self) -> None:
        self._headers, self._field, self._started = b"", 0, False

    def _header(self, data: bytes) -> None:
        self._headers += data
        if len(self._headers) > MAX_FIELD_BYTES:
            raise UploadError("this upload has overlong headers")

    def _data(self, size: int) -> None:
        is_file = b"filename" in self._headers
        if not self._started:
            self._started = True
            self._files, self._fields = self._files + is_file, self._fields + (not is_file)
        self._field += 0 if is_file else size
        if self._files > MAX_FILES or self._fields > MAX_FIELDS or self._field > MAX_FIELD_BYTES:
            raise UploadError(f"an upload takes up to {MAX_FILES} files, and nothing else")
