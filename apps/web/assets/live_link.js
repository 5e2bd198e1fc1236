// The way to the server: pictures of the camera there, paintings back; never more than two on their way.
const AT_ONCE = 2, SILENCE = 8000, RETRY = 1000;  // milliseconds

class Ended extends Error {}

class Link {
  // `show(bitmap, blob, milliseconds)` takes each painting that is newer than the last; `wait(number)` the place in
  // line; `end(words)` why it is over.
  constructor(secret, take, { show, wait, end }) {
    Object.assign(this, { secret, take, show, wait, end });
    this.open = true;
    this.sent = this.shown = this.flying = 0;
    this.heard = performance.now();
  }

  // The camera has a new picture.
  fresh() {
    if (!this.open || this.flying >= AT_ONCE || this.paused) return;
    this.flying += 1;
    this.exchange(++this.sent).catch((error) => this.failed(error)).finally(() => { this.flying -= 1; });
  }

  async exchange(number) {
    const begun = performance.now();
    const answer = await (this.waiting ? this.ask("turn") : this.ask("frame", await this.take()));
    this.heard = performance.now();
    if (answer.status === 202) return this.queue((await answer.json()).number);
    if (answer.status === 429) return;
    if (!answer.ok) throw new Ended(await words(answer));
    const blob = await answer.blob();
    const bitmap = await createImageBitmap(blob);
    if (!this.open || number < this.shown) return bitmap.close();
    this.shown = number;
    this.show(bitmap, blob, performance.now() - begun);
  }

  ask(what, body = null, more = {}) {
    const signal = what === "leave" ? undefined : AbortSignal.timeout(SILENCE);
    const address = new URL(`live/${what}`, location.href.split(/[?#]/)[0]);
    return fetch(address, { method: "POST", body, headers: { "x-live": this.secret }, signal, ...more });
  }

  // Until it is this page's turn, only ask for its number in line now and then.
  queue(number) {
    this.waiting = number > 0;
    if (!this.open || !number) return;
    this.wait(number);
    this.pause(RETRY);
  }

  pause(milliseconds) {
    this.paused = true;
    setTimeout(() => { this.paused = false; }, milliseconds);
  }

  failed(error) {
    if (!this.open) return;
    if (error instanceof Ended) this.close(error.message);
    else if (performance.now() - this.heard > SILENCE) this.close("The server does not answer. Try again in a moment.");
    else this.pause(RETRY);
  }

  close(reason = "") {
    if (!this.open) return;
    this.open = false;
    this.ask("leave", null, { keepalive: true }).catch(() => {});
    this.end(reason);
  }
}

async function words(answer) {
  try {
    return (await answer.json()).error;
  } catch {
    return `The server answers with an error (${answer.status}). Start again.`;
  }
}
