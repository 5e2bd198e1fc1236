// S2, the sandwich swap transform, and AdaIN at the skips: repeats s2transform/ with a prepared style.
//
// Moments are {mean, std}, tensors (C,).

import {padded} from './network.js';
import {principalComponents} from './components.js';

const EPS = 1e-5;
const PATCH = 3;

/** Channel means and deviations of (1, H, W, C). */
export function momentsOf(tf, x) {
  const flat = tf.reshape(x, [-1, x.shape[3]]);
  const shares = tf.fill([1, flat.shape[0]], 1 / flat.shape[0]);
  const mean = tf.reshape(tf.matMul(shares, flat), [-1]); // as products: several times as fast as sums along an axis
  const variance = tf.reshape(tf.matMul(shares, tf.square(tf.sub(flat, mean))), [-1]);
  return {mean, std: tf.sqrt(tf.maximum(variance, EPS))};
}

/**
 * What the transfer needs of a style's features.
 *
 * @returns {moments, basis, kernels, bias}, tensors that want to be disposed of, {table: Float32Array}, the patches'
 *   pixels, and {channels}.
 */
export async function prepareStyle(network, features) {
  const {tf, config, levels} = network;
  const cut = features[config.cut];
  const channels = cut.shape[3];
  const all = () => Object.fromEntries(levels.map((level) => [level, momentsOf(tf, features[level])]));
  const moments = tf.tidy(all);
  const centred = tf.tidy(() => tf.sub(cut, moments[config.cut].mean));
  const covariance = tf.tidy(() => {
    const flat = tf.reshape(centred, [-1, channels]);
    return tf.matMul(flat, flat, true);
  });
  const components = principalComponents(await covariance.data(), channels, config.match_channels);
  const step = bankStep(config.bank_size, cut.shape[1], cut.shape[2]);
  const patches = tf.tidy(() => patchesOf(tf, cut, step));
  const table = await patches.data();
  const bank = tf.tidy(() => bankOf(tf, centred, components, step));
  tf.dispose([centred, covariance, patches]);
  return {moments, ...bank, table, channels};
}

/** Basis (C, D), the patches' codes as the kernels (3, 3, D, K) of a convolution, and its bias (K,). */
function bankOf(tf, centred, {vectors, count}, step) {
  const channels = centred.shape[3];
  const basis = tf.tensor(vectors, [channels, count]);
  const codes = patchesOf(tf, tf.conv2d(centred, tf.reshape(basis, [1, 1, channels, count]), 1, 'valid'), step);
  const kernels = tf.reshape(tf.transpose(codes, [0, 2, 1]), [PATCH, PATCH, count, -1]);
  return {basis, kernels, bias: tf.mul(tf.sum(tf.square(codes), [0, 2]), -0.5)};
}

/** (9, K, C): the pixels of the 3x3 patches around every step-th position of (1, H, W, C), reflected at the border. */
function patchesOf(tf, x, step) {
  const [, height, width, channels] = x.shape;
  const around = padded(tf, x, 1);
  return tf.stack(Array.from({length: PATCH ** 2}, (_, i) => {
    const [top, left] = [Math.floor(i / PATCH), i % PATCH];
    const ends = [1, top + height, left + width, channels];
    const window = tf.stridedSlice(around, [0, top, left, 0], ends, [1, step, step, 1]);
    return tf.reshape(window, [-1, channels]);
  }));
}

/** Distance between the patches of a style that leaves at most `most` of them. */
function bankStep(most, height, width) {
  let step = 1;
  while (Math.ceil(height / step) * Math.ceil(width / step) > most) step += 1;
  return step;
}

/** (H, W) indices of the style's nearest patch for every position of content features at the cut. */
export function match(tf, content, {mean, std}, {basis, kernels, bias}, styleStd) {
  const [, height, width, channels] = content.shape;
  const scaled = tf.mul(basis, tf.reshape(tf.div(styleStd, std), [-1, 1]));
  const offset = tf.neg(tf.reshape(tf.matMul(tf.reshape(mean, [1, -1]), scaled), [-1]));
  const filter = tf.reshape(scaled, [1, 1, channels, -1]);
  const linear = {strides: 1, pad: 'valid', activation: 'linear'};
  const codes = tf.fused.conv2d({x: content, filter, bias: offset, ...linear});
  const scores = tf.fused.conv2d({x: padded(tf, codes, 1), filter: kernels, bias, ...linear});
  return tf.reshape(tf.argMax(scores, 3), [height, width]);
}

/**
 * Every patch laid down, averaged where they overlap.
 *
 * Written by hand, as TensorFlow.js gathers rows more slowly than a loop does.
 * @param best indices of (height, width) patches.
 * @returns Float32Array of (height, width, C).
 */
export function paste(best, height, width, {table, channels}) {
  const patches = table.length / (PATCH ** 2 * channels);
  const canvas = new Float32Array(height * width * channels);
  const [rows, columns] = [neighbours(height), neighbours(width)];
  for (let row = 0, to = 0; row < height; row++) {
    for (let column = 0; column < width; column++, to += channels) {
      const share = 1 / (rows[row].length * columns[column].length);
      for (const y of rows[row]) {
        for (const x of columns[column]) {
          const pixel = (row - y + 1) * PATCH + column - x + 1; // of the patch centred on (y, x)
          const from = (pixel * patches + best[y * width + x]) * channels;
          for (let i = 0; i < channels; i++) canvas[to + i] += share * table[from + i];
        }
      }
    }
  }
  return canvas;
}

/** For every place along a side, itself and those beside it. */
function neighbours(length) {
  return Array.from({length}, (_, i) => [i - 1, i, i + 1].filter((place) => place >= 0 && place < length));
}

/** Moves features with their own moments to a style's, and blends them with what they were made of. */
export function move(tf, x, own, wanted, content, strength) {
  const scale = tf.mul(tf.div(wanted.std, own.std), strength);
  const shift = tf.sub(tf.mul(wanted.mean, strength), tf.mul(own.mean, scale));
  const moved = tf.add(tf.mul(x, scale), shift);
  return strength === 1 ? moved : tf.add(moved, tf.mul(content, 1 - strength));
}
