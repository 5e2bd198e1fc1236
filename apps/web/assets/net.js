// Talks to the server that the page came from: uploads, answers at once, and jobs that tell how far they are.

const at = (path) => new URL(`gradio_api/${path}`, document.baseURI);

/** What went wrong, in words; kind is "gone" for files that were deleted, "away" for a server that does not answer. */
export class Failure extends Error {
  constructor(message, kind = "told") {
    super(message);
    this.kind = kind;
  }
}

const AWAY = "The server does not answer. Check that it still runs, then try again.";

function failure(status, text) {
  let words = "";
  try {
    const body = JSON.parse(text);
    words = [body.error, body.detail, body.detail?.[0]?.message].find((part) => typeof part === "string") ?? "";
  } catch {}
  if (status === 401) return new Failure("You are no longer logged in. Load the page anew to log in.");
  if (!words) return new Failure(status ? `The server could not do this (${status}). Try again.` : AWAY, status ? "told" : "away");
  return new Failure(sentence(words), /deleted by now|not uploaded here/.test(words) ? "gone" : "told");
}

/** A message of the server as a sentence. */
export function sentence(words) {
  const text = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

async function request(path, options) {
  try {
    return await fetch(at(path), options);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Failure(AWAY, "away");
  }
}

const post = (path, body, signal) =>
  request(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal });

/** The answer of an endpoint that answers at once. */
export async function run(name, value, signal) {
  const response = await post(`run/page_${name}`, { data: [value] }, signal);
  const text = await response.text();
  if (!response.ok) throw failure(response.status, text);
  return JSON.parse(text).data[0];
}

/** The last answer of a job, [said, file]; `told` hears of every earlier one. */
export async function job(name, value, { told, signal }) {
  const response = await post(`call/page_${name}`, { data: [value] }, signal);
  if (!response.ok) throw failure(response.status, await response.text());
  const id = (await response.json()).event_id;
  signal.addEventListener("abort", () => post("cancel", { event_id: id, session_hash: id, fn_index: 0 }).catch(() => {}));
  const stream = await request(`call/page_${name}/${id}`, { signal });
  for await (const [event, data] of events(stream)) {
    if (event === "error") throw failure(500, JSON.stringify(data ?? {}));
    if (event === "complete") return data;
    if (event === "generating") told(data[0]);
  }
  throw new Failure(AWAY, "away");
}

async function* events(stream) {
  const reader = stream.body.pipeThrough(new TextDecoderStream()).getReader();
  let left = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (left + value).split("\n\n");
    left = parts.pop();
    for (const part of parts) {
      const fields = Object.fromEntries(part.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]));
      let data = null;
      try { data = JSON.parse(fields.data); } catch {}
      yield [fields.event, data];
    }
  }
}

/** Sends a file; what others are to call it. `told` hears the share that is sent. */
export function upload(file, told, signal) {
  return new Promise((resolve, reject) => {
    const sent = new XMLHttpRequest();
    sent.open("POST", at("upload"));
    sent.upload.onprogress = (event) => event.lengthComputable && told?.(event.loaded / event.total);
    sent.onload = () => {
      if (sent.status !== 200) return reject(failure(sent.status, sent.responseText));
      resolve({ path: JSON.parse(sent.responseText)[0], orig_name: file.name, meta: { _type: "gradio.FileData" } });
    };
    sent.onerror = () => reject(new Failure(AWAY, "away"));
    sent.onabort = () => reject(new DOMException("aborted", "AbortError"));
    signal?.addEventListener("abort", () => sent.abort());
    const form = new FormData();
    form.append("files", file, file.name || "picture");
    sent.send(form);
  });
}

/** The address of a file that the server has made. */
export const address = (file) => at(`file=${file.path}`).href;
