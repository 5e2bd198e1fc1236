"""The page behind its gate, served in the background."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from starlette.middleware import Middleware

from apps.web import confined
from apps.web.clients import Clients
from apps.web.frames import Frames
from apps.web.gate import Gate, Rules
from apps.web.hosts import Hosts
from apps.web.local import LocalPage
from apps.web.logins import Logins
from apps.web.options import ServeOptions
from apps.web.page import build_page, theme
from apps.web.panel import first_value, wish
from apps.web.quota import Quota
from apps.web.requests import Unframed
from apps.web.shared_stylizer import SharedStylizer
from apps.web.shell import Shell
from apps.web.uploads import MAX_UPLOAD

if TYPE_CHECKING:
    from artnet import Stylizer

SESSIONS = 500
"""Pages whose state is kept; each holds a copy of the page's description."""
THREADS = 80
_SWEEP = 600  # seconds


def serve(options: ServeOptions, stylizer: "Stylizer", cache: str) -> tuple[str, Callable[[], None]]:
    """Start the server; (address, function that stops it).

    Raises:
        ValueError: the port is taken.
    """
    folder = Path(cache).resolve()
    work = folder / "work"  # beside what is served: Gradio copies results from there
    work.mkdir(exist_ok=True)
    clients = Clients()
    shared = SharedStylizer(stylizer, clients, work)
    page = build_page(shared)
    shared.quota = quota = Quota(folder)
    hosts, weights = Hosts(options.host, options.allow_host), options.network.weights or "artnet"
    rules = Rules(
        hosts, clients, Logins(), quota, folder / "served", lambda *request: inputs_of(page, *request),
        lambda session: forget(page, session), MAX_UPLOAD,
    )  # fmt: skip
    confined.prepare()
    try:
        _, url, _ = page.launch(
            server_name=options.host, server_port=options.port, auth=options.auth, share=False, quiet=True,
            prevent_thread_lock=True, max_file_size=MAX_UPLOAD, allowed_paths=[], run_history=False,
            enable_monitoring=False, ssr_mode=False, footer_links=["api"], theme=theme(),
            state_session_capacity=SESSIONS, max_threads=THREADS,
            app_kwargs={"middleware": [Middleware(Unframed), Middleware(LocalPage, hosts, folder / "local", weights),
                                       Middleware(Gate, rules), Middleware(Frames, shared.visits), Middleware(Shell)]},
        )  # fmt: skip
    except OSError as error:
        raise ValueError(f"cannot serve on {options.host}:{options.port}; choose another --port (or --host)") from error
    stopped = threading.Event()
    threading.Thread(target=_sweep, args=(quota, stopped), daemon=True).start()
    warming = threading.Thread(target=shared.warm, args=(wish(first_value()),))
    warming.start()

    def close() -> None:
        stopped.set()
        warming.join()  # Python must not end while native code still runs in a thread
        page.close(verbose=False)

    return url, close


def inputs_of(page: gr.Blocks, request: dict, name: str | None) -> list | None:
    """The input components of the job that a request names by number or by its endpoint; None where there is none."""
    index = request.get("fn_index")
    if index is not None:
        function = page.fns.get(index) if isinstance(index, int) else None
    else:
        function = next((f for f in page.fns.values() if f.api_name == name and name), None)
    return None if function is None else list(function.inputs)


def forget(page: gr.Blocks, session: str) -> None:
    """Drop what Gradio keeps of a client that asked once and will not come back."""
    page.app.state_holder.session_data.pop(session, None)
    page.app.state_holder.time_last_used.pop(session, None)
    page._queue.pending_messages_per_session.pop(session, None)
    page._queue.pending_event_ids_session.pop(session, None)


def _sweep(quota: Quota, stopped: threading.Event) -> None:
    while not stopped.wait(_SWEEP):
        quota.sweep(time.time())
