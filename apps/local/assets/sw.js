// Keeps the page and answers from what it keeps, with headers that allow threads and let nothing leave this host.

importScripts('files.js'); // self.PAGE = {version, files, headers}

const KEPT = `artnet-local-${self.PAGE.version}`;

addEventListener('install', (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(['./', ...self.PAGE.files])));
});

addEventListener('activate', (event) => {
  const isOld = (name) => name.startsWith('artnet-local-') && name !== KEPT;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(isOld).map((name) => caches.delete(name)))));
});

addEventListener('fetch', (event) => {
  const isOwn = new URL(event.request.url).href.startsWith(self.registration.scope);
  if (isOwn && event.request.method === 'GET') event.respondWith(answer(event.request));
});

async function answer(request) {
  const cache = await caches.open(KEPT);
  const kept = await cache.match(request, {ignoreSearch: true}) ?? await fetch(request);
  const headers = new Headers(kept.headers);
  for (const [name, value] of Object.entries(self.PAGE.headers)) headers.set(name, value);
  return new Response(kept.body, {status: kept.status, statusText: kept.statusText, headers});
}
