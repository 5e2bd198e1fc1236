// The panel beside all tabs: tiles of styles, their weights in a blend, and the settings.

import { run, upload } from "./net.js";
import { decoded, encoded } from "./share.js";

const $ = (selector) => root.querySelector(selector);
const listeners = new Set();
let root, props, value, defaults, usual, began;
const own = []; // {key, title, file, blob, tile}
export const ready = new Promise((resolve) => { began = resolve; });

const copy = (thing) => JSON.parse(JSON.stringify(thing));
const tiles = () => [...root.querySelectorAll(".tiles > li[data-name]")];
const keyOf = (style) => style.name ?? own.find((one) => one.file.path === style.file.path)?.key;
const titleOf = (key) => own.find((one) => one.key === key)?.title ?? root.querySelector(`li[data-name="${key}"] b`).textContent;

/** What is chosen now, as the server takes it. */
export const chosen = () => copy(value);
/** What the chosen styles are called in a file's name. */
export const slug = () => value.styles.map((style) => keyOf(style).startsWith("own-") ? titleOf(keyOf(style)).replace(/[^\p{L}\p{N}-]+/gu, "-") : keyOf(style)).join("+");
export const words = () => value.styles.map((style) => titleOf(keyOf(style))).join(" + ");
/** Hear of every change. */
export const onchange = (listener) => listeners.add(listener);
/** All styles in the order of their tiles, as the server takes them; with the key of each. */
export const all = () => tiles().map((tile) => tile.dataset.name).map((key) => {
  const mine = own.find((one) => one.key === key);
  return { key, style: mine ? { file: mine.file } : { name: key } };
});
/** Files that the page needs as long as it is open. */
export const files = () => own.map((one) => one.file);

/** Show pictures on the tiles, by key: the visitor's photo in each style. */
export function picture(key, source) {
  const image = root.querySelector(`li[data-name="${key}"] img`);
  if (!image) return;
  image.dataset.plain ??= image.getAttribute("src");
  image.src = source;
}

/** The styles' own pictures again. */
export function plain() {
  for (const image of root.querySelectorAll("img[data-plain]")) {
    image.src = image.dataset.plain;
    delete image.dataset.plain;
  }
}

/** Choose what was chosen before. */
export function restore(before, quiet = false) {
  value = copy(before);
  value.styles = value.styles.filter((style) => keyOf(style));
  if (!value.styles.length) value.styles = [{ name: tiles().at(-1).dataset.name, weight: 1 }];
  blending().checked = value.styles.length > 1;
  changed(quiet);
}

/** Send own styles again, after the server has deleted them. */
export async function renew() {
  for (const one of own) {
    const fresh = await upload(one.blob);
    for (const style of value.styles) if (style.file?.path === one.file.path) style.file = fresh;
    one.file = fresh;
  }
}

export function start(given) {
  root = given.element;
  props = given.props;
  value = copy(props.value);
  const { styles: _, ...settings } = value;
  defaults = settings;
  usual = encoded(value, defaults);
  const names = tiles().map((tile) => tile.dataset.name);
  value = decoded(location.hash, defaults, names, props.most) ?? value;
  blending().checked = value.styles.length > 1;
  listen();
  changed(true);
  document.querySelector(".tile[aria-pressed=true]")?.parentElement.scrollIntoView({ block: "nearest", inline: "nearest" });
  began();
}

const blending = () => $(".blend input");

function listen() {
  $(".tiles").addEventListener("click", clicked);
  $(".files").addEventListener("change", (event) => { add([...event.target.files]); event.target.value = ""; });
  blending().addEventListener("change", () => {
    if (!blending().checked) value.styles = [{ ...value.styles.at(-1), weight: 1 }];
    changed();
  });
  for (const input of root.querySelectorAll("[data-setting]")) {
    input.addEventListener("input", () => {
      value[input.dataset.setting] = input.type === "checkbox" ? input.checked : Number(input.value);
      changed();
    });
  }
  $(".reset").addEventListener("click", () => { value = { ...value, ...defaults }; changed(); });
  $(".sheet-open").addEventListener("click", () => sheet(true));
  $(".sheet-close").addEventListener("click", () => sheet(false));
  $(".backdrop").addEventListener("click", () => sheet(false));
  root.addEventListener("keydown", (event) => event.key === "Escape" && sheet(false));
  root.addEventListener("dragover", (event) => event.preventDefault());
  root.addEventListener("drop", (event) => { event.preventDefault(); event.stopPropagation(); add([...event.dataTransfer.files]); });
  addEventListener("hashchange", () => {
    const said = decoded(location.hash, defaults, tiles().map((tile) => tile.dataset.name), props.most);
    if (said && location.hash !== encoded(value, defaults)) restore(said);
  });
}

function sheet(open) {
  const was = $(".settings").classList.contains("open");
  $(".settings").classList.toggle("open", open);
  $(".backdrop").hidden = !open;
  $(".sheet-open").setAttribute("aria-expanded", open);
  if (open) $(".sheet-close").focus();
  else if (was) $(".sheet-open").focus();
}

function clicked(event) {
  const button = event.target.closest("button");
  const item = event.target.closest("li");
  if (!button) return;
  if (button.matches(".add")) return $(".files").click();
  if (button.matches(".remove")) return remove(item.dataset.name);
  if (button.matches(".rename")) return rename(item.dataset.name);
  choose(item.dataset.name);
}

function choose(key) {
  const style = all().find((one) => one.key === key).style;
  const at = value.styles.findIndex((one) => keyOf(one) === key);
  if (!blending().checked) value.styles = [{ ...style, weight: 1 }];
  else if (at >= 0) value.styles.length > 1 && value.styles.splice(at, 1);
  else if (value.styles.length === props.most) return trouble(`A blend takes up to ${props.most} styles: click one of them to take it out.`);
  else value.styles.push({ ...style, weight: 1 });
  changed();
}

async function add(blobs) {
  const failed = [];
  for (const blob of blobs) {
    if (own.length === props.shelf) { failed.push(`There is room for ${props.shelf} own styles: remove one first.`); break; }
    try {
      const file = await upload(blob);
      const { image } = await run("style", file);
      const key = `own-${Date.now()}-${own.length}`;
      const title = blob.name.replace(/\.[^.]*$/, "").slice(0, 40) || "My style";
      own.push({ key, title, file, blob });
      place(key, title, image);
      choose(key);
    } catch (error) {
      failed.push(`${blob.name}: ${error.message}`);
    }
  }
  trouble(failed.join(" "));
}

function place(key, title, image) {
  const item = document.createElement("li");
  item.dataset.name = key;
  item.className = "mine";
  item.innerHTML = `<button type="button" class="tile" aria-pressed="false"><img alt="" width="224" height="224"><span class="name"><b></b><i>yours</i></span><span class="tick" aria-hidden="true"></span></button>
    <button type="button" class="rename" title="Give it a name" aria-label="Rename">✎</button><button type="button" class="remove" title="Remove it" aria-label="Remove">×</button>`;
  item.querySelector("img").src = image;
  $(".tiles .own").after(item);
  name(item, title);
}

function name(item, title) {
  item.querySelector("b").textContent = title;
  item.querySelector(".tile").title = title;
  item.querySelector(".rename").setAttribute("aria-label", `Rename ${title}`);
  item.querySelector(".remove").setAttribute("aria-label", `Remove ${title}`);
}

function remove(key) {
  own.splice(own.findIndex((one) => one.key === key), 1);
  root.querySelector(`li[data-name="${key}"]`).remove();
  $(".tiles .add").focus();
  restore(value);
}

function rename(key) {
  const one = own.find((mine) => mine.key === key);
  const item = root.querySelector(`li[data-name="${key}"]`);
  const field = Object.assign(document.createElement("input"), { className: "naming", value: one.title, maxLength: 40 });
  field.setAttribute("aria-label", "Name of the style");
  item.append(field);
  field.select();
  let ended = false;
  const done = (keep) => {
    if (ended) return;
    ended = true; // removing the field takes the focus from it, which ends it too
    if (keep && field.value.trim()) one.title = field.value.trim();
    field.remove();
    name(item, one.title);
    changed(true);
  };
  field.addEventListener("blur", () => done(true));
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") done(true);
    if (event.key === "Escape") done(false);
    if (!field.isConnected) item.querySelector(".rename").focus();
  });
}

function trouble(message) {
  $(".trouble").textContent = message;
  $(".trouble").hidden = !message;
}

/** Bring everything in line with the value. */
function changed(quiet = false) {
  trouble("");
  const keys = value.styles.map(keyOf);
  for (const item of tiles()) {
    const on = keys.includes(item.dataset.name);
    item.querySelector(".tile").setAttribute("aria-pressed", on);
    item.querySelector(".tick").textContent = on && keys.length > 1 ? `${share(item.dataset.name)} %` : "";
  }
  $(".chosen").textContent = words();
  for (const input of root.querySelectorAll("[data-setting]")) {
    const now = value[input.dataset.setting];
    if (input.type === "checkbox") input.checked = now;
    else input.value = now;
    const output = input.parentElement.querySelector("output");
    if (output) output.textContent = input.dataset.setting === "stroke_size" ? `${now} px` : `${Math.round(now * 100)} %`;
    if (output) input.setAttribute("aria-valuetext", output.textContent);
    if (output) input.style.setProperty("--at", `${(100 * (now - input.min)) / (input.max - input.min)}%`);
  }
  $(".reset").hidden = Object.entries(defaults).every(([key, usual]) => value[key] === usual);
  weights(keys);
  const said = encoded(value, defaults);
  history.replaceState(history.state, "", location.pathname + location.search + (said === usual ? "" : said));
  for (const listener of listeners) listener(quiet);
}

function share(key) {
  const whole = value.styles.reduce((sum, style) => sum + style.weight, 0) || 1;
  return Math.round((100 * value.styles.find((style) => keyOf(style) === key).weight) / whole);
}

function weights(keys) {
  const box = $(".weights");
  const wanted = keys.length > 1 ? keys : [];
  if ([...box.children].map((child) => child.dataset.key).join() !== wanted.join()) {
    box.replaceChildren(...wanted.map((key) => {
      const line = document.createElement("div");
      line.className = "control";
      line.dataset.key = key;
      line.innerHTML = `<label></label><output></output><input type="range" min="0" max="1" step="0.05">`;
      const input = line.querySelector("input");
      input.id = `an-weight-${key}`;
      line.querySelector("label").htmlFor = input.id;
      input.addEventListener("input", () => {
        value.styles.find((style) => keyOf(style) === key).weight = Number(input.value);
        if (value.styles.every((style) => !style.weight)) value.styles[0].weight = 0.05;
        changed();
      });
      return line;
    }));
  }
  for (const line of box.children) {
    const input = line.querySelector("input");
    input.value = value.styles.find((style) => keyOf(style) === line.dataset.key).weight;
    input.style.setProperty("--at", `${input.value * 100}%`);
    line.querySelector("label").textContent = titleOf(line.dataset.key);
    line.querySelector("output").textContent = `${share(line.dataset.key)} %`;
    input.setAttribute("aria-valuetext", `${share(line.dataset.key)} %`);
  }
}
