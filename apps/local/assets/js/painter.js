// The page's side of worker.js.

/** Words for people in place of what a browser throws where memory ends. */
const MEMORY = /memory|allocation|array length|lost/i;

export class Painter {
  #worker = new Worker(new URL('worker.js', import.meta.url), {type: 'module'});
  #waiting = new Map();
  #last = 0;

  constructor() {
    this.#worker.onmessage = ({data: {id, progress, result, error, cancelled}}) => {
      const {resolve, reject, onProgress} = this.#waiting.get(id);
      if (progress !== undefined) return onProgress?.(progress);
      this.#waiting.delete(id);
      return error === undefined ? resolve(result) : reject(Object.assign(new Error(inWords(error)), {cancelled}));
    };
    this.#worker.onerror = (event) => {
      const error = new Error(inWords(event.message ?? 'The painter does not start: reload the page.'));
      for (const {reject} of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
  }

  /** One of the tasks of worker.js: a promise of its result, with cancel(). */
  ask(task, {onProgress, transfer = [], ...values} = {}) {
    this.#last += 1;
    const id = this.#last;
    const promise = new Promise((resolve, reject) => { this.#waiting.set(id, {resolve, reject, onProgress}); });
    this.#worker.postMessage({id, task, ...values}, transfer);
    return Object.assign(promise, {cancel: () => this.#worker.postMessage({cancel: id})});
  }
}

function inWords(error) {
  return MEMORY.test(error) ? 'There is not enough memory for a picture of that size: choose a smaller one.' : error;
}
