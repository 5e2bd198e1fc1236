"""Requests to the page as its own scripts send them."""

import json

META = {"_type": "gradio.FileData"}
OPTIONS = [None, "wave-print", 1, 512, False]


def upload(http, path):
    with open(path, "rb") as file:
        answer = http.post("/gradio_api/upload", files={"files": (path.name, file)})
    answer.raise_for_status()
    return {"path": answer.json()[0], "orig_name": path.name, "meta": META}


def call(http, name, *data):
    """What an endpoint answers in the end: its result, or its message."""
    asked = http.post(f"/gradio_api/call/{name}", json={"data": list(data)})
    if asked.status_code != 200:
        return asked.json()["error"]
    text = http.get(f"/gradio_api/call/{name}/{asked.json()['event_id']}").text
    said = json.loads(text.strip().rpartition("data: ")[2])
    return said["error"] if isinstance(said, dict) else said


def stylize(http, file, *options):
    return call(http, "stylize", file, *(options or OPTIONS), "png")
