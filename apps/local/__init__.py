"""A page that paints in the visitor's browser: a folder of plain files."""

POLICY = (
    "default-src 'self' blob:; script-src 'self' blob: 'wasm-unsafe-eval'; connect-src 'self' blob:; "
    "frame-ancestors 'self'"
)
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Content-Security-Policy": POLICY,
}
"""Of every file: the first two allow threads in WASM, the third lets nothing leave the page's own host, and no other
host's page show it within its own."""
