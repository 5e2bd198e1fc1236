// Paints pictures in prepared styles: what artnet/stylizer.py is for Python.
//
// Pictures are {width, height, data}, data RGBA bytes as in ImageData. Statistics are moments by names such as
// 'conv3/content'.

import {chromaOf, limitChroma} from './chroma.js';
import {clarified} from './clarity.js';
import {contrastOf, matchContrast} from './contrast.js';
import {FACTOR, isDrafted, reduced, revisable, scaleOfPicture, scaleOfStrokes, shown} from './drafting.js';
import {applyFinish, fade, finishOf, preserveColor, weakened} from './finish.js';
import {onGround} from './ground.js';
import {guidePainting} from './guided.js';
import {STRIDES} from './network.js';
import {cropped, padded, resize} from './resize.js';
import {tilesOf} from './tiling.js';
import {match, momentsOf, move, paste, prepareStyle} from './transfer.js';

const DRAFTING = 0.2; // a draft's share of the work
const MAX_STYLE_SIDE = 2048;
const GROUND_OF_FRAMES = 0.4; // more of it makes them flicker
const SHARE_OF_THE_PAST = 0.9; // in the statistics of a camera's frames, so that they change smoothly

export class Engine {
  /** @param noise see `applyFinish`. @param ground see `onGround`. */
  constructor(network, noise, ground) {
    Object.assign(this, {network, noise, ground, tf: network.tf});
    this.drafts = network.config.passes === 2;
    this.stride = network.stride * (this.drafts ? FACTOR : 1); // so that a draft's sides are multiples of its own
  }

  /** What painting needs of a style's picture at a stroke size; give it to `forget` when it is no longer wanted. */
  async prepare(picture, strokeSize) {
    const scale = this.drafts ? scaleOfStrokes(strokeSize) : 1;
    const fitted = fitStyle(picture, Math.floor(strokeSize / scale), this.stride);
    const seen = {finish: finishOf(fitted), contrast: contrastOf(fitted), chroma: chromaOf(fitted)};
    const style = {full: await this.#prepared(fitted), scale, ...seen};
    const drafted = this.drafts && isDrafted(Math.min(fitted.width, fitted.height));
    return drafted ? {...style, draft: await this.#prepared(reduced(fitted, FACTOR))} : style;
  }

  async #prepared(picture) {
    const features = this.tf.tidy(() => this.network.encode(this.#tensor(picture)));
    const style = await prepareStyle(this.network, features);
    this.tf.dispose(features);
    return style;
  }

  forget({full, draft}) {
    for (const {moments, basis, kernels, bias} of draft ? [draft, full] : [full]) {
      this.tf.dispose([moments, basis, kernels, bias]);
    }
  }

  /**
   * A photo in a style, of the same size.
   *
   * @param settings as StyleSettings in Python: {strength, grain, preserve_color}.
   * @param report called now and then with the share that is done, 0..1; what it throws ends the work.
   */
  async paint(content, style, settings, report) {
    const progress = async (share) => { await turn(); report(share); };
    const scale = this.#scale(content, style);
    const clear = clarified(atScale(content, scale), settings.strength);
    const grounded = onGround(clear, settings.strength, this.ground);
    const {painted, statistics} = await this.#painted(grounded, style, settings.strength, {progress});
    this.tf.dispose(statistics);
    this.#finish(painted, clear, style, settings);
    guidePainting(painted, clear);
    matchContrast(painted, style.contrast, settings.strength);
    limitChroma(painted, style.chroma, settings.strength);
    if (scale === 1) return mixedWith(content, painted, settings);
    const large = shown(painted, content, scale);
    guidePainting(large, content);
    return mixedWith(content, large, settings);
  }

  /** A camera's frame in a style. @param memory one object for all frames of a camera, {} at first. */
  async paintFrame(frame, style, settings, memory) {
    const held = memory.style === style ? memory.statistics : {};
    const scale = this.#scale(frame, style);
    const small = atScale(frame, scale);
    const grounded = onGround(small, GROUND_OF_FRAMES * settings.strength, this.ground);
    const {painted, statistics} = await this.#painted(grounded, style, settings.strength, {held});
    this.tf.dispose(memory.statistics ?? []);
    Object.assign(memory, {style, statistics});
    this.#finish(painted, small, style, settings);
    return mixedWith(frame, scale === 1 ? painted : shown(painted, frame, scale), settings);
  }

  /** How many times smaller a picture is painted. */
  #scale(content, style) {
    return this.drafts ? style.scale * scaleOfPicture(content) : 1;
  }

  #finish(painted, content, style, {strength, grain}) {
    applyFinish(painted, content, weakened(style.finish, strength, grain), this.noise);
  }

  /** Paints at full size, after a draft where the style has one: {painted, statistics: {full, draft}}. */
  async #painted(content, {full, draft}, strength, {held = {}, progress = async () => {}}) {
    const statistics = {};
    const run = async (size, picture, style, from, to) => {
      const report = (share) => progress(from + share * (to - from));
      const done = await this.#run(picture, style, strength, held[size] ?? {}, report);
      statistics[size] = done.statistics;
      return done.painted;
    };
    const whole = padded(content, this.stride, 2);
    const small = draft && await run('draft', reduced(whole, FACTOR), draft, 0, DRAFTING);
    const source = draft ? revisable(small, whole) : whole;
    const painted = await run('full', source, full, draft ? DRAFTING : 0, 1);
    return {painted: cropped(painted, {x: 0, y: 0, width: content.width, height: content.height}), statistics};
  }

  /** Encodes in tiles, transfers the whole, decodes in tiles: {painted, statistics}; `held` ones count in these. */
  async #run(whole, style, strength, held, progress) {
    const {tf, network} = this;
    const tiles = tilesOf(whole.width, whole.height, network.stride);
    const own = [];
    try {
      const features = await this.#encoded(whole, tiles, own, progress);
      const {moved, statistics} = await this.#transferred(features, style, strength, held, own);
      const painted = blank(whole);
      for (const [i, tile] of tiles.entries()) {
        await progress((1 + i / tiles.length) / 2);
        const pixels = tf.tidy(() => network.decode(tiles.length > 1 ? this.#part(moved, tile) : moved));
        place(await pixels.data(), tile, painted);
        pixels.dispose();
      }
      return {painted, statistics};
    } finally {
      tf.dispose(own);
    }
  }

  /** Features of all levels; those of several tiles are the whole picture's, as tiles overlap by all that counts. */
  async #encoded(picture, tiles, own, progress) {
    const {tf, network} = this;
    const parts = [];
    for (const [i, tile] of tiles.entries()) {
      await progress(i / tiles.length / 2);
      parts.push(tf.tidy(() => {
        const features = network.encode(this.#tensor(cropped(picture, tile)));
        const {keep} = tile;
        return tiles.length > 1 ? this.#part(features, {...keep, x: keep.x - tile.x, y: keep.y - tile.y}) : features;
      }));
      own.push(parts.at(-1));
    }
    if (parts.length === 1) return parts[0];
    const columns = tiles.filter(({y}) => y === 0).length;
    const joined = tf.tidy(() => Object.fromEntries(network.levels.map((level) => {
      const tops = parts.filter((_, i) => i % columns === 0).keys();
      const row = (top) => parts.slice(top * columns, (top + 1) * columns).map((part) => part[level]);
      return [level, tf.concat([...tops].map((top) => tf.concat(row(top), 2)), 1)];
    })));
    own.push(joined);
    return joined;
  }

  /** The features under a box of pixels. */
  #part(features, {x, y, width, height}) {
    return Object.fromEntries(Object.entries(features).map(([level, all]) => {
      const stride = STRIDES[level];
      const [begin, size] = [[0, y / stride, x / stride, 0], [1, height / stride, width / stride, all.shape[3]]];
      return [level, this.tf.slice(all, begin, size)];
    }));
  }

  /** Features moved to a style: {moved, statistics}; `own` takes what to dispose of. */
  async #transferred(features, style, strength, held, own) {
    const {tf, network} = this;
    const {config: {cut}, levels} = network;
    const statistics = {};
    const take = (name, x) => { statistics[name] = tf.tidy(() => mixed(tf, momentsOf(tf, x), held[name])); };
    for (const level of levels) take(`${level}/content`, features[level]);
    const [, height, width, channels] = features[cut].shape;
    const best = tf.tidy(() => match(tf, features[cut], statistics[`${cut}/content`], style, style.moments[cut].std));
    own.push(best);
    const swapped = tf.tensor(paste(await best.data(), height, width, style), [1, height, width, channels]);
    own.push(swapped);
    take(`${cut}/swapped`, swapped);
    const moved = tf.tidy(() => Object.fromEntries(levels.map((level) => {
      const [x, name] = level === cut ? [swapped, 'swapped'] : [features[level], 'content'];
      return [level, move(tf, x, statistics[`${level}/${name}`], style.moments[level], features[level], strength)];
    })));
    own.push(moved);
    return {moved, statistics};
  }

  /** (1, H, W, 3) float pixels 0..255. */
  #tensor({width, height, data}) {
    const values = new Float32Array(3 * width * height);
    for (let i = 0, from = 0; i < values.length; i += 3, from += 4) {
      for (let channel = 0; channel < 3; channel++) values[i + channel] = data[from + channel];
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

function mixed(tf, own, old) {
  if (!old) return own;
  const mix = (a, b) => tf.add(tf.mul(a, 1 - SHARE_OF_THE_PAST), tf.mul(b, SHARE_OF_THE_PAST));
  return {mean: mix(own.mean, old.mean), std: mix(own.std, old.std)};
}

function atScale(content, scale) {
  return scale > 1 ? reduced(content, scale) : content;
}

/** The painted picture, with as much of the content as the settings ask for. */
function mixedWith(content, painted, {strength, preserve_color: keepsColor}) {
  fade(painted, content, strength);
  if (keepsColor) preserveColor(painted, content);
  return painted;
}

function blank({width, height}) {
  return {width, height, data: new Uint8ClampedArray(4 * width * height).fill(255)};
}

/** Writes the part of a tile that stays into the painted picture. @param pixels 0..1 of the tile. */
function place(pixels, {x, y, width, keep}, painted) {
  const right = Math.min(keep.x + keep.width, painted.width);
  const bottom = Math.min(keep.y + keep.height, painted.height);
  for (let row = keep.y; row < bottom; row++) {
    let from = 3 * ((row - y) * width + keep.x - x);
    let to = 4 * (row * painted.width + keep.x);
    for (const end = 4 * (row * painted.width + right); to < end; to += 4, from += 3) {
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
