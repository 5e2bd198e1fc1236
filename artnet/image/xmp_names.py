"""Names of XMP properties that may travel from a picture's file into that of its stylized twin."""

NAMESPACES = {
    "x": "adobe:ns:meta/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
    "cc": "http://creativecommons.org/ns#",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "exifEX": "http://cipa.jp/exif/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
}
"""Prefix -> URI; of other vocabularies nothing is kept: of gain maps, depth maps, edits, and the history of a file."""

_PREFIXES = {uri: prefix for prefix, uri in NAMESPACES.items()}
_ONLY = {"tiff": {"Make", "Model", "Artist", "Copyright", "ImageDescription", "Software", "DateTime"}}
# What shows or describes the old pixels: previews, layers' texts, sizes, regions of the picture before it was turned.
_NEVER = {
    "xmp": {"Thumbnails"},
    "photoshop": {"DocumentAncestors", "TextLayers", "ICCProfile", "ColorMode", "History", "LegacyIPTCDigest"},
    "Iptc4xmpExt": {"ImageRegion"},
    "exif": {
        "PixelXDimension", "PixelYDimension", "ColorSpace", "MakerNote", "ComponentsConfiguration", "NativeDigest",
        "CompressedBitsPerPixel", "FocalPlaneXResolution", "FocalPlaneYResolution", "FocalPlaneResolutionUnit",
        "SubjectArea", "SubjectLocation", "RelatedSoundFile", "CFAPattern",
    },
}  # fmt: skip


def is_portable(name: str) -> bool:
    """Whether a property may travel; its name as ElementTree gives it: '{URI}local name'."""
    uri, _, local = name.removeprefix("{").partition("}")
    prefix = _PREFIXES.get(uri)
    if prefix is None or prefix in _ONLY:
        return prefix is not None and local in _ONLY[prefix]
    return local not in _NEVER.get(prefix, ())
