// The photos that a visitor has given, as a strip to choose from.

import { upload } from "./net.js";

const HEIGHT = 128; // pixels of a small picture

/** One photo: of the visitor, or a sample. */
export class Photo {
  constructor(file, sample) {
    this.file = file;
    this.sample = sample;
    this.name = sample ?? (file.name || "photo").replace(/\.[^.]*$/, "");
  }

  /** What the server calls it; sends it first where that has not been done. */
  async ref(told, signal) {
    if (this.sample) return { sample: this.sample };
    this.sent ??= await upload(this.file, told, signal);
    return this.sent;
  }

  /** Make a small picture, as far as the browser can read the photo. */
  async read() {
    const bitmap = await createImageBitmap(this.file, { resizeHeight: HEIGHT, resizeQuality: "medium" }).catch(() => null);
    if (!bitmap) return;
    const canvas = Object.assign(document.createElement("canvas"), { width: bitmap.width, height: bitmap.height });
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    this.small ??= canvas.toDataURL("image/jpeg", 0.8);
  }
}

export class Film {
  /** `chosen` is called with a photo. */
  constructor(box, chosen) {
    this.box = box;
    this.chosen = chosen;
    this.photos = [];
  }

  show(photos, now) {
    [this.photos, this.now] = [photos, now];
    this.box.hidden = photos.length < 2;
    this.box.querySelector("ul").replaceChildren(...photos.map((photo) => this.#item(photo)));
  }

  /** Read the photos that were not painted yet. */
  async read() {
    for (const photo of this.photos.slice(1)) {
      await photo.read();
      this.show(this.photos, this.now);
    }
  }

  #item(photo) {
    const item = document.createElement("li");
    item.innerHTML = `<button type="button"><span></span></button>`;
    const button = item.firstChild;
    button.setAttribute("aria-pressed", photo === this.now);
    button.title = photo.name;
    button.firstChild.textContent = photo.name;
    if (photo.small) button.style.backgroundImage = `url(${photo.small})`;
    button.addEventListener("click", () => this.chosen(photo));
    return item;
  }
}
