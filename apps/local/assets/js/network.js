// The network: pixels to features and back. It repeats artnet/model/network.py layer by layer.
//
// Features are tensors (1, H, W, C), float32. Every function here leaves tidying up to its caller (tf.tidy).

export const STRIDES = { // of the stages of the encoder, as in artnet/model/config.py
  pixels: 1, conv1: 2, conv2: 4, conv3: 4, inception3a: 8, inception3b: 8, inception4a: 16, inception4b: 16,
  inception4c: 16, inception4d: 16, inception4e: 16, inception5a: 32, inception5b: 32,
};
const POOL_BEFORE = {conv2: 3, inception3a: 3, inception4a: 3, inception5a: 2};
const SCALE = 2 / 255; // from bytes to the -1..1 that the encoder was trained on

/** Reads a checkpoint, safetensors in half precision: {config, tensors: {name: {shape, values: Float32Array}}}. */
export function readCheckpoint(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const config = JSON.parse(header.__metadata__.artnet);
  delete header.__metadata__;
  const tensors = {};
  for (const [name, {shape, data_offsets: [begin, end]}] of Object.entries(header)) {
    tensors[name] = {shape, values: fromHalf(new Uint16Array(buffer.slice(8 + length + begin, 8 + length + end)))};
  }
  return {config, tensors};
}

function fromHalf(halves) {
  const table = new Float32Array(65536).map((_, bits) => {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const size = exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024);
    return bits >> 15 ? -size : size;
  });
  return Float32Array.from(halves, (bits) => table[bits]);
}

export class Network {
  /** @param tf TensorFlow.js with a backend that is ready; @param config, tensors from `readCheckpoint`. */
  constructor(tf, config, tensors) {
    Object.assign(this, {tf, config, layers: {}});
    this.stride = STRIDES[config.cut];
    this.skips = Object.fromEntries(config.skips.map((level) => [STRIDES[level], level]));
    this.levels = [...config.skips].sort((a, b) => STRIDES[a] - STRIDES[b]).concat(config.cut);
    this.decoderStrides = Object.keys(config.decoder).map(Number).filter((s) => s <= this.stride).sort((a, b) => b - a);
    for (const name of Object.keys(tensors)) if (name.endsWith('.weight')) this.#addLayer(name.slice(0, -7), tensors);
    this.takesBytes = config.encoder_padding === 'reflect';
    if (this.takesBytes) this.#scaleFirstLayer(); // zeros beyond the border are grey, which bytes know no value for
  }

  #addLayer(name, tensors) {
    const {shape, values} = tensors[`${name}.weight`];
    this.layers[name] = this.tf.tidy(() => ({
      filter: this.tf.transpose(this.tf.tensor(values, shape), [2, 3, 1, 0]),
      bias: this.tf.tensor(tensors[`${name}.bias`].values),
    }));
  }

  #scaleFirstLayer() {
    const {tf} = this;
    const {filter, bias} = this.layers['encoder.conv1.conv'];
    this.layers['encoder.conv1.conv'] = tf.tidy(() => ({
      filter: tf.mul(filter, SCALE), bias: tf.sub(bias, tf.sum(filter, [0, 1, 2])),
    }));
    tf.dispose([filter, bias]);
  }

  /** Features of every level, from (1, H, W, 3) float pixels 0..255; H and W multiples of the stride, two at least. */
  encode(pixels) {
    const {tf, config} = this;
    const features = config.skips.includes('pixels') ? {pixels: tf.div(pixels, 255)} : {};
    let x = this.takesBytes ? tf.clone(pixels) : tf.sub(tf.mul(pixels, SCALE), 1);
    for (const name of Object.keys(STRIDES).slice(1)) {
      const before = x;
      x = tf.tidy(() => this.#stage(before, name));
      if (!Object.values(features).includes(before)) before.dispose(); // large ones pile up otherwise
      if (this.levels.includes(name)) features[name] = x;
      if (name === config.cut) break;
    }
    return features;
  }

  #stage(x, name) {
    if (POOL_BEFORE[name]) x = this.tf.maxPool(x, POOL_BEFORE[name], 2, 'same');
    return name.startsWith('inception') ? this.#inception(x, name) : this.#encoding(x, name, name === 'conv1' ? 2 : 1);
  }

  #inception(x, name) {
    const pair = (branch) => this.#encoding(this.#encoding(x, `${name}.${branch}.0`), `${name}.${branch}.1`);
    const pooled = this.#encoding(this.tf.maxPool(x, 3, 1, 'same'), `${name}.branch4.1`);
    return this.tf.concat([this.#encoding(x, `${name}.branch1`), pair('branch2'), pair('branch3'), pooled], 3);
  }

  #encoding(x, name, strides = 1) {
    return this.#convolve(x, `encoder.${name}.conv`, {padding: this.config.encoder_padding, strides});
  }

  /** (1, H, W, 3) pixels, about 0..1, from (transferred) features. */
  decode(features) {
    const {tf, config} = this;
    let x = features[config.cut];
    for (const stride of this.decoderStrides) {
      const before = x;
      x = tf.tidy(() => this.#finer(before, stride, features));
      if (before !== features[config.cut]) before.dispose();
    }
    return tf.tidy(() => {
      const blocks = this.#convolve(x, 'decoder.output', {activation: 'linear'});
      const pixels = shuffled(tf, blocks, this.decoderStrides.at(-1));
      return features.pixels ? tf.add(pixels, features.pixels) : pixels;
    });
  }

  #finer(x, stride, features) {
    const layer = `decoder.conv${stride}.conv`;
    if (stride === this.stride) return this.#convolve(x, layer);
    // What was upsampled repeats its edge, as where the two steps are folded into one (artnet/model/upsampling.py).
    const finer = padded(this.tf, this.#upsample(x), 1, 'symmetric');
    const skip = this.skips[stride];
    const joined = skip ? this.tf.concat([finer, padded(this.tf, features[skip], 1)], 3) : finer;
    return this.#convolve(joined, layer, {padding: 'none'});
  }

  #upsample(x) {
    const size = [2 * x.shape[1], 2 * x.shape[2]];
    const {resizeBilinear, resizeNearestNeighbor} = this.tf.image;
    return (this.config.upsampling === 'bilinear' ? resizeBilinear : resizeNearestNeighbor)(x, size, false, true);
  }

  #convolve(x, layer, {strides = 1, padding = 'reflect', activation = 'relu'} = {}) {
    const {filter, bias} = this.layers[layer];
    const margin = filter.shape[0] >> 1;
    const wider = margin && padding === 'reflect' ? padded(this.tf, x, margin) : x;
    const pad = padding === 'zeros' ? margin : 0;
    return this.tf.fused.conv2d({x: wider, filter, bias, strides, pad, dimRoundingMode: 'floor', activation});
  }
}

/** Pads height and width by 'reflect', or by 'symmetric', which repeats the edge. */
export function padded(tf, x, margin, mode = 'reflect') {
  return tf.mirrorPad(x, [[0, 0], [margin, margin], [margin, margin], [0, 0]], mode);
}

/** (1, H, W, 3 b b) in the order of torch's pixel_shuffle -> (1, H b, W b, 3). */
function shuffled(tf, x, block) {
  if (block === 1) return x;
  const [, height, width] = x.shape;
  const parts = tf.transpose(tf.reshape(x, [height, width, 3, block, block]), [0, 3, 1, 4, 2]);
  return tf.reshape(parts, [1, height * block, width * block, 3]);
}
