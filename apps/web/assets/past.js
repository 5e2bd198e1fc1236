// What was painted since the page was opened, to go back to.

const MOST = 24;
const SIDE = 96; // pixels of a thumbnail

export class Past {
  constructor(box, back) {
    this.box = box;
    this.back = back;
    this.entries = [];
  }

  /** Put a picture at the front, unless it is there already. */
  async add(entry) {
    if (this.entries.some((one) => one.after === entry.after)) return;
    entry.thumbnail ??= await thumbnail(entry.after);
    this.entries = [entry, ...this.entries].slice(0, MOST);
    this.box.hidden = this.entries.length < 2;
    this.box.querySelector("ul").replaceChildren(...this.entries.map((one, n) => this.#item(one, n)));
  }

  #item(entry, n) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.style.backgroundImage = `url(${entry.thumbnail})`;
    button.setAttribute("aria-label", `Picture ${n + 1} of ${this.entries.length}: ${entry.photo.name}`);
    button.addEventListener("click", () => this.back(entry));
    item.append(button);
    return item;
  }
}

async function thumbnail(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  const share = SIDE / Math.min(image.naturalWidth, image.naturalHeight);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const [width, height] = [image.naturalWidth * share, image.naturalHeight * share];
  canvas.getContext("2d").drawImage(image, (SIDE - width) / 2, (SIDE - height) / 2, width, height);
  return canvas.toDataURL("image/jpeg", 0.8);
}
