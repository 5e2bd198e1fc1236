// Starts TensorFlow.js on the fastest of what the device has: WebGPU, WebGL, or WASM on its processors.

import '../runtime/tf-core.min.js';

const SOFTWARE = /swiftshader|llvmpipe|software|basic render/i; // processors that pass as cards: WASM is quicker
const {tf} = globalThis;

const FINDERS = {webgpu: hasGraphicsCard, webgl: hasWebGl, wasm: async () => true};
export const NAMES = {
  webgpu: 'the graphics card (WebGPU)', webgl: 'the graphics card (WebGL)', wasm: 'the processor (WASM)',
};

/**
 * @param wanted webgpu, webgl or wasm, whatever it runs on; by default the first that is there and starts.
 * @returns {tf, backend}.
 */
export async function startRuntime(wanted) {
  for (const backend of wanted ? [wanted] : Object.keys(FINDERS)) {
    if ((wanted || await FINDERS[backend]()) && await starts(backend)) return {tf, backend};
  }
  throw new Error('This browser has neither WebGPU, WebGL nor WebAssembly with SIMD: please use a newer one.');
}

async function starts(backend) {
  try {
    await import(`../runtime/tf-backend-${backend}.min.js`);
    if (backend === 'wasm') prepareWasm();
    if (!await tf.setBackend(backend)) return false;
    await tf.ready();
    tf.tidy(() => tf.matMul(tf.ones([8, 8]), tf.ones([8, 8])).dataSync && true);
    return true;
  } catch (error) {
    console.warn(`${backend} does not start`, error);
    return false;
  }
}

function prepareWasm() {
  tf.wasm.setWasmPaths(new URL('../runtime/', import.meta.url).href);
  // It computes in half as many threads as there are cores; with fewer than four, these would be none but its own.
  if (navigator.hardwareConcurrency < 4) tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
}

async function hasGraphicsCard() {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  return Boolean(adapter) && !adapter.info?.isFallbackAdapter && !SOFTWARE.test(adapter.info?.architecture);
}

async function hasWebGl() {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  const names = gl?.getExtension('WEBGL_debug_renderer_info');
  return Boolean(gl) && !SOFTWARE.test(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
}
