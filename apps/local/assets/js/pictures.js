// Photos in and pictures out.

/** A photo as a canvas no longer than `side`: {canvas, shrunk: {width, height} of the photo where it was larger}. */
export async function readPhoto(blob, side) {
  const picture = await createImageBitmap(blob).catch(() => {
    throw new Error('This browser cannot read that file: save it as JPEG or PNG first.');
  });
  const scale = Math.min(1, side / Math.max(picture.width, picture.height));
  const [width, height] = [picture.width, picture.height].map((length) => Math.max(1, Math.round(length * scale)));
  const canvas = Object.assign(document.createElement('canvas'), {width, height});
  const context = canvas.getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, width, height);
  const shrunk = scale < 1 ? {width: picture.width, height: picture.height} : null;
  picture.close();
  return {canvas, shrunk};
}

/** 'beach-great-wave.jpg' of 'beach.png' and a style's name, as the command line and `artnet serve` call it. */
export function fileName(photo, style) {
  const stem = (text) => text.replace(/\.[^.]*$/, '');
  const kept = stem(photo).replace(/[^\p{L}\p{N}_ .()+-]/gu, '_');
  return `${kept || 'photo'}-${stem(style).replace(/[^\p{L}\p{N}-]+/gu, '-') || 'style'}.jpg`;
}

export async function save(canvas, name) {
  const href = URL.createObjectURL(await asBlob(canvas, 'image/jpeg'));
  const link = Object.assign(document.createElement('a'), {href, download: name});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Whether `share` opens the device's own list of programs; elsewhere it copies. */
export function canShare() {
  const file = new File([''], 'photo.jpg', {type: 'image/jpeg'});
  return Boolean(navigator.canShare?.({files: [file]}));
}

/** Hands a picture to another program, or to the clipboard; what was done, in words. */
export async function share(canvas, name) {
  if (!canShare()) {
    await navigator.clipboard.write([new ClipboardItem({'image/png': asBlob(canvas, 'image/png')})]);
    return 'Copied: paste it where you like.';
  }
  const file = new File([await asBlob(canvas, 'image/jpeg')], name, {type: 'image/jpeg'});
  await navigator.share({files: [file]}).catch((error) => { if (error.name !== 'AbortError') throw error; });
  return '';
}

function asBlob(canvas, type) {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob) resolve(blob);
      else reject(new Error('There is not enough memory to save this picture.'));
    }, type, 0.95);
  });
}
