// Paints away from the page, which so never stands still. Takes {id, task, ...} and {cancel: id}; see `TASKS`.
//
// Answers {id, progress}, then {id, result} or {id, error: words, cancelled}.

import {Engine} from './engine.js';
import {Network, readCheckpoint} from './network.js';
import {NAMES, startRuntime} from './runtime.js';

const STYLES_KEPT = 4;
const STYLE_SIDE = 2048; // of a style's picture before it is fitted to the strokes
const CANCELLED = 'cancelled';

let engine;
const memory = {};
let last = Promise.resolve();
const styles = new Map(); // key -> what the engine prepared, the latest last
const cancelled = new Set();

const TASKS = {
  /** {grainSteps of page.json, backend: optional} -> {backend, name: in words}. */
  async start({grainSteps, backend: wanted}) {
    const names = ['artnet.safetensors', 'grain.bin', 'ground.bin'];
    const files = names.map((name) => download(new URL(`../${name}`, import.meta.url)));
    const [{tf, backend}, checkpoint, grain, ground] = await Promise.all([startRuntime(wanted), ...files]);
    const {config, tensors} = readCheckpoint(checkpoint);
    const noise = {values: new Int8Array(grain), steps: grainSteps};
    engine = new Engine(new Network(tf, config, tensors), noise, new Int8Array(ground));
    return {backend, name: NAMES[backend]};
  },

  /** {picture: ImageBitmap, style: {key, source: address or Blob}, settings} -> ImageBitmap. */
  async paint({picture, style, settings}, report) {
    report(0);
    const content = pixelsOf(picture);
    const prepared = await prepare(style, settings.stroke_size);
    return bitmapOf(await engine.paint(content, prepared, settings, report));
  },

  /** The same for a frame of a camera, of which the first forgets those before. */
  async frame({picture, style, settings, isFirst}) {
    const prepared = await prepare(style, settings.stroke_size);
    if (isFirst) memory.style = null;
    return bitmapOf(await engine.paintFrame(pixelsOf(picture), prepared, settings, memory));
  },
};

onmessage = ({data}) => {
  if ('cancel' in data) cancelled.add(data.cancel);
  else last = last.then(() => run(data)); // one after the other, so that memory holds one at most
};

async function run(data) {
  const {id, task} = data;
  const report = (progress) => {
    if (cancelled.has(id)) throw new Error(CANCELLED);
    postMessage({id, progress});
  };
  try {
    const result = await TASKS[task](data, report);
    postMessage({id, result}, result instanceof ImageBitmap ? [result] : []);
  } catch (error) {
    if (error.message !== CANCELLED) console.error(error);
    postMessage({id, error: error.message, cancelled: error.message === CANCELLED});
  }
  cancelled.delete(id);
}

async function download(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address.pathname} is missing: is the folder complete?`);
  return answer.arrayBuffer();
}

async function prepare({key, source}, strokeSize) {
  const name = `${key} ${strokeSize}`;
  const known = styles.get(name) ?? await engine.prepare(await styleOf(source), strokeSize);
  styles.delete(name);
  styles.set(name, known);
  for (const [old, style] of styles) {
    if (styles.size <= STYLES_KEPT) break;
    engine.forget(style);
    styles.delete(old);
  }
  return known;
}

async function styleOf(source) {
  const blob = source instanceof Blob ? source : new Blob([await download(new URL(`../${source}`, import.meta.url))]);
  const picture = await createImageBitmap(blob).catch(() => {
    throw new Error('This browser cannot read that style: save it as JPEG or PNG first.');
  });
  return pixelsOf(picture, Math.min(1, STYLE_SIDE / Math.max(picture.width, picture.height)));
}

/** The pixels of a picture, on white where it is transparent. */
function pixelsOf(picture, scale = 1) {
  const [width, height] = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * scale)));
  const context = new OffscreenCanvas(width, height).getContext('2d', {willReadFrequently: true});
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, width, height);
  picture.close();
  return context.getImageData(0, 0, width, height);
}

function bitmapOf({width, height, data}) {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d').putImageData(new ImageData(data, width, height), 0, 0);
  return canvas.transferToImageBitmap();
}
