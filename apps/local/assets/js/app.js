// The page: what is chosen, and what happens then.

import {Camera} from './camera.js';
import {Compare} from './compare.js';
import {press, settingControl, styleTile} from './controls.js';
import {onDropped} from './drop.js';
import {keepOffline, offerInstall} from './offline.js';
import {Painter} from './painter.js';
import {canShare, fileName, readPhoto, save, share} from './pictures.js';

const find = (selector) => document.querySelector(selector);
const stage = find('#stage');
const compare = new Compare(stage);
const painter = new Painter();
const page = await readPage();
const settings = Object.fromEntries(page.settings.map((setting) => [setting.name, setting.default]));
const camera = new Camera({
  video: find('video'), canvas: find('.live'), paint: paintFrame,
  onFrame: (rate) => say(`${rate.toFixed(1)} pictures a second`),
  onEnd: (error) => { leaveCamera(); say(error.message, true); },
});
const backend = new URLSearchParams(location.search).get('backend'); // in the address, for whoever compares them
const ready = painter.ask('start', {grainSteps: page.grainSteps, backend});
ready.catch((error) => say(error.message, true));

let photo = {name: 'sample', source: null, canvas: null, note: ''};
let style = page.styles[0];
let job = null;
let isStale = false; // whether what is shown was painted in another way than is now chosen

async function readPage() {
  try {
    return await (await fetch('page.json')).json();
  } catch (error) {
    say('This page is not complete: page.json is missing.', true);
    throw error;
  }
}

function say(words, isWrong = false) {
  find('#status').textContent = words;
  find('#status').classList.toggle('wrong', isWrong);
}

/** Runs what a click asks for; where it fails, the reason is said. */
function on(selector, event, action) {
  find(selector).addEventListener(event, async (...given) => {
    try {
      await action(...given);
    } catch (error) {
      say(error.message, true);
    }
  });
}

/** Paints the photo as things now stand; what was being painted is given up. */
async function paint() {
  isStale = true;
  if (camera.isOn) return;
  job?.cancel();
  const mine = {cancel: () => { mine.isCancelled = true; }, begin: performance.now()};
  job = mine;
  working(true);
  say('Painting …');
  try {
    const {name} = await ready;
    if (mine.isCancelled) throw Object.assign(new Error(), {cancelled: true});
    const picture = await createImageBitmap(photo.canvas);
    const onProgress = (share) => { if (job === mine) find('progress').value = share; };
    const asked = painter.ask('paint', {picture, style, settings, onProgress, transfer: [picture]});
    mine.cancel = asked.cancel;
    show(await asked, mine, name);
  } catch (error) {
    if (job === mine) say(error.cancelled ? 'Cancelled.' : error.message, !error.cancelled);
  } finally {
    if (job === mine) working(false);
  }
}

function show(painted, mine, runtime) {
  if (job !== mine) return;
  isStale = false;
  compare.showPainted(painted);
  offer(true);
  say(`Painted in ${((performance.now() - mine.begin) / 1000).toFixed(1)} s on ${runtime}.${photo.note}`);
}

function working(isWorking) {
  find('#working').hidden = !isWorking;
  find('progress').value = 0;
}

function offer(isPainted) {
  find('#save').disabled = find('#share').disabled = !isPainted;
}

/** Takes a file or a canvas as the photo and paints it. */
async function choosePhoto(source, name) {
  const {canvas, shrunk} = await readPhoto(source, Number(find('#side').value));
  const sizes = shrunk && `${shrunk.width} × ${shrunk.height} to ${canvas.width} × ${canvas.height}`;
  const note = shrunk ? ` Scaled down from ${sizes}.` : '';
  photo = {source, name, canvas, note};
  isStale = false;
  leaveCamera();
  compare.showPhoto(canvas);
  offer(false);
  await paint();
}

async function chooseStyle(tile, chosen) {
  press(find('#styles'), tile);
  style = chosen;
  await paint();
}

async function chooseOwnStyle(file) {
  const thumbnail = URL.createObjectURL(file);
  const chosen = {key: thumbnail, source: file, name: file.name};
  const tile = styleTile({title: file.name, thumbnail}, () => chooseStyle(tile, chosen));
  find('.own').after(tile);
  await chooseStyle(tile, chosen);
}

function paintFrame(picture, isFirst) {
  return painter.ask('frame', {picture, isFirst, style, settings: {...settings, grain: 0}, transfer: [picture]});
}

async function enterCamera() {
  job?.cancel();
  await camera.start();
  say('Starting …');
  showCamera(true);
}

function leaveCamera() {
  if (!camera.isOn) return;
  camera.stop();
  showCamera(false);
  say('');
  if (isStale) paint();
}

function showCamera(isOn) {
  find('.live').hidden = find('#camera-actions').hidden = !isOn;
  find('#photo-actions').hidden = isOn;
  stage.classList.toggle('filming', isOn);
  stage.classList.toggle('divided', !isOn && !find('.after').hidden);
  const {videoWidth, videoHeight} = find('video');
  const {width, height} = isOn ? {width: videoWidth, height: videoHeight} : find('.before');
  stage.style.setProperty('--shape', width / height);
  find(isOn ? '#stop' : '#camera').focus({preventScroll: true});
}

/** The sample photo, with the picture of it that the page brings along. */
async function begin() {
  const change = (name) => (value) => { settings[name] = value; paint(); };
  find('#settings').prepend(...page.settings.map((setting) => settingControl(setting, change(setting.name))));
  for (const one of page.styles) {
    const tile = styleTile(one, () => chooseStyle(tile, one));
    find('#styles').append(tile);
    if (one === style) press(find('#styles'), tile);
  }
  stage.classList.toggle('mirrored', find('#mirror').checked);
  find('#share').textContent = canShare() ? 'Share' : 'Copy';
  const load = async (name) => (await fetch(name)).blob();
  const [source, painted] = await Promise.all(['photo.jpg', 'painted.jpg'].map(load));
  const {canvas} = await readPhoto(source, Number(find('#side').value));
  photo = {...photo, source, canvas};
  compare.showPhoto(canvas);
  compare.showPainted(await createImageBitmap(painted));
  offer(true);
  say('A sample. Choose a photo of yours, or another style.');
}

/** Runs what a file picker's file is for; the same file may be picked again. */
function onPicked(selector, action) {
  on(selector, 'change', async ({target}) => {
    const [file] = target.files;
    target.value = '';
    if (file) await action(file);
  });
}

onPicked('#photo', (file) => choosePhoto(file, file.name));
onPicked('#own', chooseOwnStyle);
on('#side', 'change', () => choosePhoto(photo.source, photo.name));
on('#cancel', 'click', () => job?.cancel());
on('#save', 'click', () => save(find('.after'), fileName(photo.name, style.name)));
on('#share', 'click', async () => say(await share(find('.after'), fileName(photo.name, style.name))));
on('#camera', 'click', enterCamera);
on('#stop', 'click', leaveCamera);
on('#snapshot', 'click', () => choosePhoto(camera.snapshot(find('#mirror').checked), 'camera'));
on('#mirror', 'change', ({target}) => stage.classList.toggle('mirrored', target.checked));
document.addEventListener('visibilitychange', () => document.hidden && leaveCamera());
onDropped((file) => choosePhoto(file, file.name).catch((error) => say(error.message, true)));
offerInstall(find('#install'));
keepOffline((words) => { find('#offline').textContent = words; });
await begin();
