// Paints pictures in prepared styles: what artnet/stylizer.py is for Python.
//
// Pictures are {width, height, data}, data RGBA bytes as in ImageData. Statistics are moments by name, as in transfer.js.

import {applyFinish, finishOf, preserveColor, weakened} from './finish.js';
import {cropped, resize} from './resize.js';
import {TILE, tilesOf} from './tiling.js';
import {match, momentsOf, move, paste, prepareStyle} from './transfer.js';

const MAX_STYLE_SIDE = 1536;
const SHARE_OF_THE_PAST = 0.9; // in the statistics of a camera's frames, so that they change smoothly

export class Engine {
  /** @param noise see `applyFinish`. */
  constructor(network, noise) {
    Object.assign(this, {network, noise, tf: network.tf});
  }

  /** What painting needs of a style's picture at a stroke size; give it to `forget` when it is no longer wanted. */
  async prepare(picture, strokeSize) {
    const fitted = fitStyle(picture, strokeSize, this.network.stride);
    const features = this.tf.tidy(() => this.network.encode(this.#tensor(fitted)));
    const style = await prepareStyle(this.network, features);
    this.tf.dispose(features);
    return {...style, finish: finishOf(fitted)};
  }

  forget({moments, basis, kernels, bias}) {
    this.tf.dispose([moments, basis, kernels, bias]);
  }

  /**
   * A photo in a style, of the same size.
   *
   * @param settings as StyleSettings in Python: {strength, grain, preserve_color}.
   * @param report called now and then with the share that is done, 0..1; what it throws ends the work.
   */
  async paint(content, style, settings, report) {
    const tiles = tilesOf(content.width, content.height, this.network.stride);
    const statistics = tiles.length > 1 ? await this.#measure(scaledDown(content), style) : null;
    const painted = blank(content);
    try {
      for (const [i, tile] of tiles.entries()) {
        const part = tiles.length > 1 ? cropped(content, tile) : content;
        const progress = async (share) => { await turn(); report((i + share) / tiles.length); };
        const options = {strength: settings.strength, given: statistics, share: 1, progress};
        const result = await this.#run(part, style, options);
        if (!statistics) this.tf.dispose(result.used);
        place(result, tile, painted);
      }
    } finally {
      this.tf.dispose(statistics ?? []);
    }
    return this.#finished(painted, content, style, settings);
  }

  /** A camera's frame in a style. @param memory {statistics}, the same object for all frames, empty at first. */
  async paintFrame(frame, style, settings, memory) {
    const options = {strength: settings.strength, given: memory.statistics, share: SHARE_OF_THE_PAST};
    const result = await this.#run(frame, style, options);
    this.tf.dispose(memory.statistics ?? []);
    memory.statistics = result.used;
    const painted = blank(frame);
    place(result, wholeOf(frame), painted);
    return this.#finished(painted, frame, style, settings);
  }

  #finished(painted, content, style, {strength, grain, preserve_color: keepsColor}) {
    applyFinish(painted, content, weakened(style.finish, strength, grain), this.noise);
    if (keepsColor) preserveColor(painted, content);
    return painted;
  }

  /** Encodes, transfers and decodes: {pixels: Float32Array 0..1, padded to rows of `wide`, used: statistics}. */
  async #run(picture, style, {strength, given, share, progress = async () => {}}) {
    const {tf, network} = this;
    const own = [];
    try {
      const {features, swapped, used} = await this.#transferred(picture, style, own, {given, share});
      await progress(0.5);
      const painted = tf.tidy(() => network.decode(Object.fromEntries(network.levels.map((level) => {
        const isCut = level === network.config.cut;
        const [x, moments] = isCut ? [swapped, used[`${level}/swapped`]] : [features[level], used[`${level}/content`]];
        return [level, move(tf, x, moments, style.moments[level], features[level], strength)];
      }))));
      own.push(painted);
      const pixels = await painted.data();
      await progress(1);
      return {pixels, wide: painted.shape[2], used};
    } finally {
      tf.dispose(own);
    }
  }

  /** Features of a picture, those at the cut swapped for the style's, and the statistics; `own` takes what to dispose of. */
  async #transferred(picture, style, own, {given, share}) {
    const {tf, network} = this;
    const features = tf.tidy(() => network.encode(this.#tensor(picture)));
    own.push(...Object.values(features));
    const used = {};
    const take = (name, x) => {
      used[name] = given && share === 1 ? given[name] : tf.tidy(() => mixed(tf, momentsOf(tf, x), given?.[name], share));
      return used[name];
    };
    for (const level of network.levels) take(`${level}/content`, features[level]);
    const {cut: last} = network.config;
    const [, height, width, channels] = features[last].shape;
    const best = tf.tidy(() => match(tf, features[last], used[`${last}/content`], style, style.moments[last].std));
    own.push(best);
    const swapped = tf.tensor(paste(await best.data(), height, width, style), [1, height, width, channels]);
    own.push(swapped);
    take(`${last}/swapped`, swapped);
    return {features, swapped, used};
  }

  async #measure(picture, style) {
    const own = [];
    const {used} = await this.#transferred(picture, style, own, {given: null});
    this.tf.dispose(own);
    return used;
  }

  /** (1, H, W, 3) float pixels, the right and bottom edge repeated until the network can take them. */
  #tensor(picture) {
    const {width, height} = paddedSize(picture, this.network.stride);
    const values = new Float32Array(3 * width * height);
    for (let row = 0, i = 0; row < height; row++) {
      const start = Math.min(row, picture.height - 1) * picture.width;
      for (let column = 0; column < width; column++, i += 3) {
        const from = 4 * (start + Math.min(column, picture.width - 1));
        for (let channel = 0; channel < 3; channel++) values[i + channel] = picture.data[from + channel];
      }
    }
    return this.tf.tensor(values, [1, height, width, 3]);
  }
}

/** The style at the given short side, both sides multiples of the stride; of one that is too long, the middle. */
function fitStyle(picture, strokeSize, stride) {
  const strides = (side) => side * strokeSize / Math.min(picture.width, picture.height) / stride;
  const most = MAX_STYLE_SIDE / stride;
  const kept = (side) => (strides(side) > most ? Math.round(side * most / strides(side)) : side);
  const size = (side) => Math.max(2, Math.min(Math.round(strides(side)), most)) * stride;
  const [width, height] = [kept(picture.width), kept(picture.height)];
  const middle = {x: (picture.width - width) >> 1, y: (picture.height - height) >> 1, width, height};
  return resize(cropped(picture, middle), size(picture.width), size(picture.height));
}

function mixed(tf, own, old, share) {
  if (!old) return own;
  const mix = (a, b) => tf.add(tf.mul(a, 1 - share), tf.mul(b, share));
  return {mean: mix(own.mean, old.mean), std: mix(own.std, old.std)};
}

function paddedSize({width, height}, stride) {
  const padded = (side) => Math.max(2, Math.ceil(side / stride)) * stride;
  return {width: padded(width), height: padded(height)};
}

/** What the statistics of a picture in tiles are measured on. */
function scaledDown(picture) {
  const scale = Math.min(1, TILE / Math.max(picture.width, picture.height));
  return resize(picture, Math.max(1, Math.round(picture.width * scale)), Math.max(1, Math.round(picture.height * scale)));
}

function blank({width, height}) {
  return {width, height, data: new Uint8ClampedArray(4 * width * height).fill(255)};
}

function wholeOf({width, height}) {
  return {x: 0, y: 0, width, height, keep: {x: 0, y: 0, width, height}};
}

/** Writes the part of a tile that stays into the painted picture. */
function place({pixels, wide}, {x, y, keep}, painted) {
  for (let row = keep.y; row < keep.y + keep.height; row++) {
    let from = 3 * ((row - y) * wide + keep.x - x);
    let to = 4 * (row * painted.width + keep.x);
    for (const end = to + 4 * keep.width; to < end; to += 4, from += 3) {
      for (let channel = 0; channel < 3; channel++) painted.data[to + channel] = 255 * pixels[from + channel];
    }
  }
}

/** Lets messages in, among them that the picture is no longer wanted. */
function turn() {
  return new Promise((resolve) => {
    const {port1, port2} = new MessageChannel();
    port1.onmessage = resolve;
    port2.postMessage(null);
  });
}
